"""Estimate bands for programs."""

from collections.abc import Callable
from typing import Any

import pytest

from budgets.models import EstimateBand
from core.models import User
from tests.factories.budgets import move
from tests.fixtures.api import Api
from tests.fixtures.budgets import SmallBudget

BANDS = "budgets/SMALL/bands"
PARTS = [{"category": "software", "low": "900", "high": "1100"}, {"category": "people", "name": "Staff", "low": "1", "high": "2"}]
TARGET = {"percent": "25", "category": "software", "baseline": "1200", "baseline_month": "2025-12", "due_on": "2026-06-30"}
BODY: dict[str, Any] = {
    "cost_centre": "PLATFORM",
    "starts_on": "2026-01",
    "parts": PARTS,
    "heading": {"low": "900", "high": "1000"},
    "growth_buffer_pct": {"low": "10", "high": "15"},
    "share": {"of": "PRODUCT", "low": "20", "high": "25"},
    "targets": [TARGET],
    "note": "As quoted.",
}


def test_a_program_states_and_reads_a_band(
    api: Callable[..., Api], controller: User, auditor: User, small_budget: SmallBudget
) -> None:
    program = api(controller)
    tried = program.post(f"{BANDS}?dry_run=true", BODY)
    assert (tried.status_code, EstimateBand.objects.count()) == (201, 0)
    answer = program.post(BANDS, BODY, idempotency_key="one")
    assert answer.status_code == 201, answer.content
    stated = answer.json()
    assert stated["heading_low"] == "900.00"
    assert stated["parts"][1] == {"category": "people", "name": "Staff", "low": "1.00", "high": "2.00"}
    assert stated["targets"] == [TARGET | {"baseline": "1200.00"}]
    assert (stated["share_of"], stated["share_low_pct"], stated["number"]) == ("PRODUCT", "20", 1)
    assert program.post(BANDS, BODY, idempotency_key="one").json() == stated
    reader = api(auditor)
    assert reader.get(f"{BANDS}/{stated['id']}").json() == stated
    assert [row["id"] for row in reader.get(BANDS).json()["results"]] == [stated["id"]]
    assert reader.post(BANDS, BODY).status_code == 403
    assert EstimateBand.objects.count() == 1


def test_how_the_bands_stand(api: Callable[..., Api], controller: User, small_budget: SmallBudget) -> None:
    program = api(controller)
    program.post(BANDS, BODY)
    move(small_budget.account, "spent", "950")
    stand = program.get(f"{BANDS}/standing?month=2026-01").json()
    band = stand["bands"][0]
    assert (band["sum"], band["gap"]) == ({"low": "901.00", "high": "1102.00"}, {"low": "1.00", "high": "102.00"})
    assert band["buffered"] == {"low": "991.10", "high": "1267.30"}
    assert band["categories"][0]["against"]["spent"] == {"amount": "950.00", "place": "within"}
    assert (band["outside_allotted"], band["share"]) == ("1000.00", None)
    assert (band["targets"][0]["goal"], band["targets"][0]["actual"]) == ("900.00", "950.00")
    assert stand["together"]["gap"] == {"low": "1.00", "high": "102.00"}
    assert program.get(f"{BANDS}/standing").json()["month"] == "2026-01"
    assert program.get(f"{BANDS}/standing?month=2025-12").json()["bands"] == []
    assert program.get(f"{BANDS}/standing?month=soon").status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parts": []}, "parts"),
        ({"parts": [PARTS[0] | {"category": "moon"}]}, "parts.0.category"),
        ({"parts": [PARTS[0] | {"high": "899"}]}, "parts.0.high"),
        ({"parts": [PARTS[0] | {"low": 1.5}]}, "parts"),
        ({"cost_centre": "MOON"}, "cost_centre"),
        ({"share": {"of": "MOON", "low": "1", "high": "2"}}, "share.of"),
        ({"share": {"of": "PLATFORM", "low": "1", "high": "2"}}, "share_of"),
        ({"targets": [TARGET | {"due_on": "2025-12-31"}]}, "targets.0.due_on"),
        ({"heading": {"low": "2"}}, "heading"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, change: dict[str, Any], field: str
) -> None:
    answer = api(controller).post(BANDS, BODY | change)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.content.decode()
    assert not EstimateBand.objects.exists()


def test_an_earlier_statement_is_refused(api: Callable[..., Api], controller: User, small_budget: SmallBudget) -> None:
    program = api(controller)
    program.post(BANDS, BODY | {"starts_on": "2026-05"})
    answer = program.post(BANDS, BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
