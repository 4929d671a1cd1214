"""What is excused: facts and overrides pass a stop, their excess is kept by window, and credits give it back."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from budgets.models import Control, Excused, FundsAccount
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import reverse
from core.errors import NoFunds
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, allot, move, open_year

MARCH, JUNE, DECEMBER = date(2026, 3, 1), date(2026, 6, 1), date(2026, 12, 1)


@pytest.fixture
def line(entity: Entity) -> Callable[..., FundsAccount]:
    """Make a line whose own stop, and that of the whole, have a window and a tolerance; it is allotted 1,000.00 in January."""
    open_year(entity)

    def make(window: str, tolerance: str = "0") -> FundsAccount:
        budget = BudgetFactory.create(entity=entity, window=window, tolerance=Decimal(tolerance))
        account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
        set_controls(budget=budget)
        allot(account, 1000)
        return account

    return make


def excused(account: FundsAccount) -> list[tuple[date, Decimal]]:
    """Return the last month and the amount of each window of the account's own control that stands over."""
    rows = Excused.objects.filter(control__account=account).order_by("last")
    return [(last, amount) for last, amount in rows.values_list("last", "amount")]


@pytest.mark.parametrize("how", [{"is_fact": True}, {"is_override": True}])
def test_what_passes_is_excused_to_the_cent_and_what_is_not_excused_is_refused(
    line: Callable[..., FundsAccount], how: dict[str, Any]
) -> None:
    account = line("year")
    move(account, "spent", "1000.01", **how)
    assert excused(account) == [(DECEMBER, Decimal("0.01"))]
    with pytest.raises(NoFunds):
        move(account, "reserved", "0.01")
    assert excused(account) == [(DECEMBER, Decimal("0.01"))]
    assert check_ledger().is_whole


def test_credits_give_it_back_and_then_the_limit_holds_again(line: Callable[..., FundsAccount]) -> None:
    """100 budget, 150 spent, 150 credited: 100 available."""
    account = line("year")
    move(account, "spent", 1500, is_fact=True)
    move(account, "spent", -200)
    assert excused(account) == [(DECEMBER, Decimal(300))]
    move(account, "spent", -1300)
    assert excused(account) == []
    with pytest.raises(NoFunds):
        move(account, "reserved", "1000.01")
    move(account, "reserved", 1000)
    assert check_ledger().is_whole


def test_an_allotment_gives_it_back_too(line: Callable[..., FundsAccount]) -> None:
    account = line("year")
    move(account, "spent", 1500, is_fact=True)
    allot(account, 400)
    assert excused(account) == [(DECEMBER, Decimal(100))]
    allot(account, 600)
    assert excused(account) == []
    move(account, "reserved", 500)


def test_a_fact_to_date_is_excused_in_its_month_and_in_every_later_one(line: Callable[..., FundsAccount]) -> None:
    account = line("ytd")
    allot(account, 300, month=JUNE)
    move(account, "spent", 1400, month=MARCH, is_fact=True)
    assert excused(account) == [(date(2026, month, 1), Decimal(400) if month < 6 else Decimal(100)) for month in range(3, 13)]
    move(account, "spent", -150, month=JUNE)
    assert excused(account) == [(date(2026, month, 1), Decimal(400)) for month in range(3, 6)]
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", 60, month=MARCH)
    assert refused.value.details["left"] == "-400.00"
    move(account, "reserved", 50, month=JUNE)
    assert check_ledger().is_whole


def test_the_tolerance_is_used_up_before_anything_is_excused(line: Callable[..., FundsAccount]) -> None:
    account = line("life", "0.1")
    move(account, "spent", "1100.00", is_fact=True)
    assert excused(account) == []
    move(account, "spent", "0.05", is_fact=True)
    assert excused(account) == [(date(9999, 12, 1), Decimal("0.05"))]


def test_the_whole_is_excused_beside_the_line(line: Callable[..., FundsAccount]) -> None:
    account = line("month")
    move(account, "spent", 1250, is_fact=True)
    whole = Control.objects.get(budget=account.budget, account=None)
    assert list(Excused.objects.filter(control=whole).values_list("last", "amount")) == [(date(2026, 1, 1), Decimal(250))]


def test_a_reversed_fact_takes_its_excuse_with_it(line: Callable[..., FundsAccount]) -> None:
    account = line("quarter")
    posted = move(account, "spent", 1250, is_fact=True)
    assert excused(account) == [(MARCH, Decimal(250))]
    reverse(journal_id=posted.id, key="undo", actor=None)
    assert excused(account) == []
    assert check_ledger().is_whole


def test_nothing_is_a_fact_and_an_override_at_once(line: Callable[..., FundsAccount]) -> None:
    account = line("year")
    with pytest.raises(DatabaseError, match="journal_is_a_fact_or_an_override"):
        move(account, "spent", 1, is_fact=True, is_override=True)
