"""Re-coding spend for programs: both lines first, done once, and refused as on its page."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import CostCentre, Entry, Journal
from budgets.selectors.balances import account_figures
from budgets.services.periods import close_period
from core.models import Entity, User
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.fixtures.api import Api
from tests.fixtures.budgets import SmallBudget

MARCH = date(2026, 3, 1)


@pytest.fixture
def entry(small_budget: SmallBudget) -> Entry:
    posted = move(small_budget.account, "spent", "75", month=MARCH, thread="line:7", is_fact=True)
    return Entry.objects.get(journal_id=posted.id)


def body(small: SmallBudget, code: str = "training") -> dict[str, Any]:
    return {"to": small.accounts["PLATFORM", code].pk, "reason": "It is training."}


def spent(small: SmallBudget, code: str) -> Decimal:
    account = small.accounts["PLATFORM", code]
    return account_figures([account.pk])[account.pk].spent


def test_both_sides_are_shown_first_and_it_is_done_once(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, entry: Entry
) -> None:
    program, address = api(controller), f"entries/{entry.pk}/recode"
    shown = program.post(f"{address}?dry_run=true", body(small_budget))
    assert (shown.status_code, shown["Purser-Dry-Run"]) == (201, "true")
    assert (Journal.objects.filter(kind="recode").count(), spent(small_budget, "training")) == (0, 0)
    giver, taker = shown.json()["giver"], shown.json()["taker"]
    assert (giver["spent_before"], giver["spent_after"]) == ("75.00", "0.00")
    assert (giver["available_before"], giver["available_after"]) == ("11925.00", "12000.00")
    assert (taker["account"], taker["spent_after"], taker["available_after"]) == (body(small_budget)["to"], "75.00", "11925.00")

    done = program.post(address, body(small_budget), idempotency_key="one")
    again = program.post(address, body(small_budget), idempotency_key="one")
    assert done.status_code == 201, done.content
    assert again.json() == done.json()
    journal = Journal.objects.get(kind="recode")
    told = shown.json()
    assert {(each["category"], each["before"], each["after"]) for each in told.pop("dry_run")["moved"]} == {
        ("software", "75.00", "0.00"),
        ("training", "0.00", "75.00"),
    }
    assert done.json() | {"giver": giver, "taker": taker} == told | {"journal": journal.pk}
    assert (journal.actor, spent(small_budget, "software"), spent(small_budget, "training")) == (controller, 0, 75)


def test_what_is_gone_is_refused_and_nothing_moves(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, entry: Entry
) -> None:
    program, address = api(controller), f"entries/{entry.pk}/recode"
    program.post(address, body(small_budget))
    answer = program.post(address, body(small_budget, "people"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_there")
    assert answer["Content-Type"] == "application/problem+json"
    assert (spent(small_budget, "people"), spent(small_budget, "training")) == (0, 75)


def test_spend_of_a_closed_month_goes_to_the_one_that_is_named(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, entry: Entry
) -> None:
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    program, address = api(controller), f"entries/{entry.pk}/recode"
    refused = program.post(address, body(small_budget))
    assert (refused.status_code, refused.json()["code"]) == (409, "closed_period")
    assert program.post(address, body(small_budget) | {"month": "2026-04"}).status_code == 201
    assert set(Entry.objects.filter(journal__kind="recode").values_list("month", flat=True)) == {date(2026, 4, 1)}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": 999999999}, "to"),
        ({"to": "x"}, "to"),
        ({"reason": ""}, "reason"),
        ({"month": "May"}, "month"),
        ({"line": 1}, "line"),
    ],
)
def test_what_is_wrong_is_named(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, entry: Entry, change: dict[str, Any], field: str
) -> None:
    answer = api(controller).post(f"entries/{entry.pk}/recode", body(small_budget) | change)
    assert answer.status_code == 400, answer.content
    assert field in answer.content.decode()
    assert not Journal.objects.filter(kind="recode").exists()


def test_only_who_keeps_both_lines_re_codes(
    api: Callable[..., Api],
    controller: User,
    auditor: User,
    requester: User,
    small_budget: SmallBudget,
    entity: Entity,
    entry: Entry,
) -> None:
    address = f"entries/{entry.pk}/recode"
    for person in (auditor, requester):
        assert api(person).post(address, body(small_budget)).status_code == 403
    keeper, outsider = UserFactory.create(), UserFactory.create()
    assign(keeper, "finance", entity, kind="finance", cost_centre=CostCentre.objects.get(code="PRODUCT"))
    assert api(keeper).post(address, body(small_budget)).status_code == 404
    assert api(outsider).post(address, body(small_budget)).status_code in {403, 404}
    allotment = Entry.objects.filter(bucket="allotted").earliest("pk")
    assert api(controller).post(f"entries/{allotment.pk}/recode", body(small_budget)).status_code == 404
    # The line that it is on is none to put it on.
    assert api(controller).post(address, body(small_budget, "software")).status_code == 400
    assert not Journal.objects.filter(kind="recode").exists()
