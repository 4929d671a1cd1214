"""Transfers: what they move, what they refuse without moving anything, and once per key."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, FundsAccount, Journal
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.transfers import transfer
from core.errors import ClosedPeriod, InvalidInput, NoFunds, Stale
from core.models import AuditRecord, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, move, open_year
from tests.factories.core import EntityFactory
from tests.fixtures.budgets import SmallBudget

FEBRUARY, MARCH, APRIL = (date(2026, number, 1) for number in (2, 3, 4))
SOURCE = ("request", "7")


@pytest.fixture
def two(small_budget: SmallBudget) -> tuple[FundsAccount, FundsAccount]:
    return small_budget.accounts["PLATFORM", "software"], small_budget.accounts["PRODUCT", "software"]


def counts() -> tuple[int, ...]:
    return Journal.objects.count(), Entry.objects.count(), AuditRecord.objects.count()


@pytest.fixture
def unmoved(small_budget: SmallBudget) -> Callable[[], bool]:
    before = counts()
    return lambda: counts() == before


def allotted(account: FundsAccount, month: date | None = None) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].allotted


def give(two: tuple[FundsAccount, FundsAccount], amount: Any, *, month: date = JANUARY, **more: Any) -> Any:
    said: dict[str, Any] = {"key": "virement", "amounts": {month: Decimal(amount)}, "actor": None, "source": SOURCE}
    return transfer(giver=two[0], taker=two[1], **(said | more))


def test_a_transfer_moves_allotment_month_by_month(two: tuple[FundsAccount, FundsAccount], controller: User) -> None:
    amounts = {JANUARY: Decimal("100.10"), date(2026, 3, 15): Decimal(200)}
    posted = give(two, 0, amounts=amounts, actor=controller, memo="Virement 3")
    assert [allotted(account, month) for account in two for month in (JANUARY, MARCH)] == [
        Decimal("899.90"),
        Decimal(800),
        Decimal("1100.10"),
        Decimal(1200),
    ]
    journal = Journal.objects.get(pk=posted.id)
    assert (journal.kind, journal.is_fact, journal.is_override, journal.source_id) == ("transfer", False, False, "7")
    record = AuditRecord.objects.get(verb="allotment.transferred")
    assert (record.actor, record.subject_id) == (controller, str(two[0].pk))
    assert check_ledger().is_whole


def test_a_transfer_leaves_what_is_held_and_says_both_sides_figures(two: tuple[FundsAccount, FundsAccount]) -> None:
    move(two[0], "committed", 11500)
    before = counts()
    with pytest.raises(NoFunds, match=r"holds 11,500\.00 .* it can give up 500\.00, and this takes 500\.01 away") as refused:
        give(two, "500.01")
    giver, taker = refused.value.details["giver"], refused.value.details["taker"]
    assert (giver["allotted"], giver["held"], giver["available"]) == ("12000.00", "11500.00", "500.00")
    assert (taker["name"], taker["allotted"], taker["held"], taker["available"]) == (two[1].name, "12000.00", "0.00", "12000.00")
    assert counts() == before
    give(two, 500)


def test_an_approved_transfer_passes_the_stop(two: tuple[FundsAccount, FundsAccount]) -> None:
    move(two[0], "committed", 11500)
    posted = give(two, 600, is_override=True)
    assert Journal.objects.get(pk=posted.id).is_override
    assert account_figures([two[0].pk])[two[0].pk].available == -100
    assert check_ledger().is_whole


def test_a_transfer_happens_once(two: tuple[FundsAccount, FundsAccount]) -> None:
    first = give(two, 100)
    before = counts()
    again = give(two, "100.00")
    assert (again.id, again.repeat) == (first.id, True)
    for changed in ({"amounts": {JANUARY: Decimal(99)}}, {"amounts": {MARCH: Decimal(100)}}, {"is_override": True}):
        with pytest.raises(Stale):
            give(two, 100, **changed)
    with pytest.raises(Stale):
        give((two[1], two[0]), 100)
    assert counts() == before


@pytest.mark.parametrize(
    ("amounts", "error"),
    [
        ({JANUARY: Decimal(0)}, InvalidInput),
        ({JANUARY: Decimal(-5)}, InvalidInput),
        ({JANUARY: Decimal("0.001")}, InvalidInput),
        ({JANUARY: Decimal("NaN")}, InvalidInput),
        ({JANUARY: Decimal("1e400")}, InvalidInput),
        ({}, InvalidInput),
        ({JANUARY: Decimal(1), date(2026, 1, 15): Decimal(1)}, InvalidInput),
        ({date(2031, 1, 1): Decimal(1)}, ClosedPeriod),
    ],
)
def test_what_cannot_be_transferred_is_refused(
    two: tuple[FundsAccount, FundsAccount], unmoved: Callable[[], bool], amounts: dict[date, Decimal], error: type[Exception]
) -> None:
    with pytest.raises(error):
        give(two, 1, amounts=amounts)
    assert unmoved()


def test_a_transfer_stays_in_one_entity_and_one_currency(two: tuple[FundsAccount, FundsAccount]) -> None:
    other = EntityFactory.create()
    open_year(other)
    elsewhere = account_in(BudgetFactory.create(entity=other))
    euros = account_in(BudgetFactory.create(entity=two[0].entity, currency="EUR"))
    before = counts()
    for taker in (two[0], elsewhere, euros):
        with pytest.raises(InvalidInput):
            give((two[0], taker), 1)
    assert counts() == before


def account_in(budget: Any) -> FundsAccount:
    return ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=budget.entity))
