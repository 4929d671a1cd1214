"""A dry run says what would be, and leaves every table and file as it was."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError

from budgets.models import Journal, Period
from budgets.services.statements import accept_statement
from core import correlation
from core.models import Entity, User
from core.services.notices import notify
from core.storage import files_undone
from core.trials import undone
from tests.factories.budgets import move, open_year
from tests.factories.chargebacks import Charged
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.trials import balances, moves_between
from tests.trust.state import differences

PLAN = settings.BASE_DIR / "tests" / "budgets" / "pages" / "plan.yaml"


def test_every_table_is_as_before(api: Callable[..., Any], controller: User, entity: Entity, digest: Callable[[], Any]) -> None:
    open_year(entity)
    finance = api(controller)
    before = digest()
    body = {"entity": "acme", "first": "2027-01", "last": "2027-02"}
    answer = finance.post("periods?dry_run=true", body, idempotency_key="k-1")
    assert answer.status_code == 201
    assert answer["Purser-Dry-Run"] == "true"
    assert [row["month"] for row in answer.json()["opened"]] == ["2027-01", "2027-02"]
    assert differences(before, digest()) == []
    # The same call in earnest does what was told.
    real = finance.post("periods", body, idempotency_key="k-1")
    assert "Purser-Dry-Run" not in real
    assert {"budgets_period", "core_auditrecord", "core_idempotencykey"} <= set(differences(before, digest()))


def test_a_dry_run_refuses_what_the_call_would(api: Callable[..., Any], controller: User, entity: Entity) -> None:
    finance = api(controller)
    answer = finance.post("periods?dry_run=true", {"entity": "nowhere", "first": "2027-01", "last": "2027-02"})
    assert answer.status_code == 404
    assert finance.post("periods?dry_run=perhaps", {}).status_code == 400


def test_a_file_that_is_kept_to_see_is_gone() -> None:
    with files_undone():
        name = default_storage.save("tests/seen.txt", ContentFile(b"seen"))
        assert default_storage.exists(name)
    assert not default_storage.exists(name)
    kept = default_storage.save("tests/kept.txt", ContentFile(b"kept"))
    assert default_storage.exists(kept)
    assert str(settings.MEDIA_ROOT) in default_storage.path(kept)
    default_storage.delete(kept)


CONTROL = {"entity": "acme", "budget": "SMALL", "mode": "stop", "window": "quarter", "category": "software"}
RATE = {"entity": "acme", "currency": "EUR", "valid_on": "2026-01-01", "rate": "1.08", "source": "Bank"}


WRITES = ["POST controls", "PUT controls", "DELETE controls", "POST rates", "close", "POST budgets", "read-all"]


@pytest.mark.parametrize("write", WRITES)
def test_no_write_leaves_anything(
    api: Callable[..., Any], controller: User, small_budget: SmallBudget, digest: Callable[[], Any], write: str
) -> None:
    finance = api(controller)
    month = Period.objects.get(entity=small_budget.entity, month="2026-03-01")
    made = finance.post("controls", CONTROL | {"mode": "warn", "window": "month", "category": "people"})
    assert made.status_code == 201, made.content
    stated, tag = f"controls/{made.json()['id']}", made["ETag"]
    notify(person=controller, kind="test", subject="Look", key="look")
    document = json.loads(json.dumps(yaml.safe_load(PLAN.read_text()), default=str))
    calls: dict[str, Callable[[], Any]] = {
        "POST controls": lambda: finance.post("controls?dry_run=true", CONTROL),
        "PUT controls": lambda: finance.put(f"{stated}?dry_run=true", {"mode": "stop"}, if_match=tag),
        "DELETE controls": lambda: finance.delete(f"{stated}?dry_run=true", if_match=tag),
        "POST rates": lambda: finance.post("rates?dry_run=true", RATE),
        "close": lambda: finance.post(f"periods/{month.pk}/close?dry_run=true"),
        "POST budgets": lambda: finance.post("budgets?dry_run=true", document),
        "read-all": lambda: finance.post("notices/read-all?dry_run=true"),
    }
    before = digest()
    answer = calls[write]()
    assert answer.status_code in {200, 201, 204}, answer.content
    assert answer["Purser-Dry-Run"] == "true"
    assert "ETag" not in answer
    assert differences(before, digest()) == []


def test_it_tells_what_the_call_then_moves(api: Callable[..., Any], charged: Charged, digest: Callable[[], Any]) -> None:
    run = charged.sent()
    for statement in run.statements.select_related("manager"):
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    finance, address = api(charged.controller), f"chargebacks/{run.pk}/post"
    before, stood = digest(), balances()
    told = finance.post(f"{address}?dry_run=true").json()["dry_run"]
    assert differences(before, digest()) == []
    assert told["hidden"] == 0
    done = finance.post(address)
    assert "dry_run" not in done.json()
    assert {_place(each): (Decimal(each["before"]), Decimal(each["after"])) for each in told["moved"]} == moves_between(
        stood, balances()
    )


def test_nothing_is_told_of_lines_that_one_does_not_read(
    api: Callable[..., Any], small_budget: SmallBudget, entity: Entity, requester: User
) -> None:
    """Both lines move; whoever keeps the books of one sees that one and how much else there is."""
    with undone() as told:
        for centre in ("PLATFORM", "PRODUCT"):
            move(small_budget.accounts[centre, "people"], "spent", "7.00", is_fact=True)
        keeper = UserFactory.create()
        assign(keeper, "keeper", entity, kind="finance", cost_centre=small_budget.cost_centres["PRODUCT"])
        effects, of_all = told(keeper), told(None)
    assert ([each.cost_centre for each in effects.moved], effects.hidden) == (["PRODUCT"], 1)
    assert (len(of_all.moved), of_all.hidden) == (2, 0)
    assert not Journal.objects.filter(kind="spend").exists()


def test_what_waits_for_the_end_of_the_transaction_is_refused_in_a_dry_run_too(small_budget: SmallBudget) -> None:
    with pytest.raises(IntegrityError), undone():
        Period.objects.create(entity_id=0, month="2030-01-01")


def test_other_changes_of_the_moment_are_not_told(small_budget: SmallBudget) -> None:
    with undone() as told:
        with correlation.running("somebody-else"):
            move(small_budget.account, "spent", "7.00", is_fact=True)
        assert told(None).moved == []


def _place(each: dict[str, str]) -> tuple[str, str, str, date, str]:
    month = date.fromisoformat(f"{each['month']}-01")
    return (each["budget"], each["cost_centre"], each["category"], month, each["bucket"])
