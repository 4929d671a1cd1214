"""The rate card for programs, and budgets held against it."""

from collections.abc import Callable

import pytest

from budgets.models import BudgetVersion, DayRate
from budgets.services.budgets import load_document
from core.models import Entity, User
from tests.factories.day_rates import DEVELOPER, line, rated, staffed_document
from tests.fixtures.api import Api

BODY = {
    "entity": "acme",
    "role": DEVELOPER,
    "name": "Developer",
    "starts_on": "2026-06",
    "rate": "750.00",
    "currency": "EUR",
    "source": "Contract 7",
}


def test_a_program_states_and_reads_rates(api: Callable[..., Api], controller: User, auditor: User, entity: Entity) -> None:
    program = api(controller)
    answer = program.post("day-rates", BODY)
    assert answer.status_code == 201, answer.content
    stated = answer.json()
    assert stated | {"id": 0, "stated_at": ""} == {"id": 0, "stated_at": "", "stated_by": controller.email, **BODY}
    assert program.post("day-rates", BODY | {"source": "Another"}).json() == stated
    gone = program.post("day-rates", BODY | {"rate": None, "starts_on": "2026-09"}).json()
    assert gone["rate"] is None
    reader = api(auditor)
    assert reader.get(f"day-rates/{stated['id']}").json() == stated
    assert [row["id"] for row in reader.get(f"day-rates?entity=acme&role={DEVELOPER}").json()["results"]] == [
        gone["id"],
        stated["id"],
    ]
    assert reader.get("day-rates?role=nobody").json()["results"] == []
    assert reader.post("day-rates", BODY).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "two words"}, "role"),
        ({"rate": "0.00"}, "rate"),
        ({"rate": 7.5}, "rate"),
        ({"currency": "XYZ"}, "currency"),
        ({"starts_on": "June"}, "starts_on"),
        ({"source": " "}, "source"),
    ],
)
def test_what_is_wrong_is_named(
    api: Callable[..., Api], controller: User, entity: Entity, change: dict[str, object], field: str
) -> None:
    answer = api(controller).post("day-rates", BODY | change)
    assert answer.status_code == 400, answer.content
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not DayRate.objects.exists()


def test_a_dry_run_states_nothing(api: Callable[..., Api], controller: User, entity: Entity) -> None:
    answer = api(controller).post("day-rates?dry_run=true", BODY)
    assert (answer.status_code, answer.json()["rate"]) == (201, "750.00")
    assert not DayRate.objects.exists()


def test_a_budget_is_held_against_the_card_and_planned_anew(api: Callable[..., Api], controller: User, entity: Entity) -> None:
    rated(entity, "750")
    document = staffed_document(line({"fte": 4, "sprints": 10, "role": DEVELOPER}))
    budget = load_document(document=document, actor=None).budget
    program = api(controller)
    nothing = program.post("budgets/STAFF/reprice", {"since": "2026-09"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_differs")
    rated(entity, "800", "2026-09")
    told = program.get("budgets/STAFF/staffing?since=2026-09").json()
    (one,) = told.pop("lines")
    assert told == {
        "version": 1,
        "since": "2026-09",
        "currency": "USD",
        "planned": "300000.00",
        "would_be": "308000.00",
        "by": "8000.00",
    }
    assert (one["name"], one["by"], one["differs"], one["fault"]) == ("Developers", "8000.00", True, "")
    trial = program.post("budgets/STAFF/reprice?dry_run=true", {"since": "2026-09"})
    assert trial.status_code == 200, trial.content
    assert BudgetVersion.objects.filter(budget=budget).count() == 1
    loaded = program.post("budgets/STAFF/reprice", {"since": "2026-09"}).json()
    assert (loaded["version"], loaded["unchanged"]) == (2, False)
    assert BudgetVersion.objects.get(budget=budget, number=2).effective_on is not None
    assert program.get("budgets/STAFF/staffing?since=2026-09").json()["by"] == "0.00"
    assert program.get("budgets/STAFF/staffing?since=2031-01").status_code == 400
