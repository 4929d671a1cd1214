"""Two who move the same money at once: the damage where nothing keeps the other out, then the cure. All start at a barrier."""

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from budgets.models import Budget, BudgetVersion, Entry, FundsAccount, Journal
from budgets.selectors import carry_previews
from budgets.selectors.balances import account_figures
from budgets.selectors.carrying import left_by_month
from budgets.selectors.check import check_ledger
from budgets.selectors.journal_states import parts_of
from budgets.services import budgets as loading
from budgets.services import carry_runs, holds, recoding
from budgets.services.accounts import ensure_account
from budgets.services.budgets import load_document
from budgets.services.carry_runs import carry_budget
from budgets.services.controls import set_controls
from budgets.services.holds import move_hold, settle
from budgets.services.recoding import recode
from core.errors import NoFunds, Stale, WrongState
from core.models import User
from tests.budgets.services.test_cases_control import plan
from tests.factories.budgets import JANUARY, BudgetFactory, allot, move
from tests.fixtures.budgets import SmallBudget
from tests.races.test_payments import at_once, both_have_read, errors

pytestmark = pytest.mark.django_db(transaction=True)
FEBRUARY, MARCH, APRIL = (date(2026, number, 1) for number in (2, 3, 4))
THREAD = "order-line:1"


def unlocked() -> None:
    """Keep nobody out."""


@pytest.fixture
def recodings(small_budget: SmallBudget) -> list[Callable[[], Any]]:
    """100 spent on one line, re-coded to two others."""
    posted = move(small_budget.account, "spent", 100, thread="raw-row:1")
    entry = Entry.objects.get(journal_id=posted.id)
    others = [small_budget.accounts["PRODUCT", code] for code in ("people", "training")]

    def put(account: FundsAccount) -> Callable[[], Any]:
        return lambda: recode(key=f"to-{account.pk}", entry_ids=[entry.pk], to_account=account, actor=None)

    return [put(account) for account in others]


def spent(small: SmallBudget) -> list[Decimal]:
    figures = account_figures([account.pk for account in small.accounts.values()])
    return sorted(figure.spent for figure in figures.values() if figure.spent)


def test_spend_recoded_twice_at_once_without_the_lock_is_spent_twice(
    recodings: list[Callable[[], Any]], small_budget: SmallBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recoding, "lock_structure", unlocked)
    monkeypatch.setattr(recoding, "_spent", both_have_read(recoding._spent))
    assert errors(at_once(*recodings)) == []
    assert spent(small_budget) == [-100, 100, 100]


def test_spend_recoded_twice_at_once_goes_once(recodings: list[Callable[[], Any]], small_budget: SmallBudget) -> None:
    assert errors(at_once(*recodings)) == [WrongState]
    assert spent(small_budget) == [100]


@pytest.fixture
def order(small_budget: SmallBudget) -> SmallBudget:
    """A commitment of 300 in January."""
    move(small_budget.account, "committed", 300, thread=THREAD, key="order")
    return small_budget


def use(key: str) -> Callable[[], Any]:
    return lambda: settle(key=key, pending_key="order", into="spent", amounts={THREAD: Decimal(200)}, actor=None)


def test_a_hold_used_twice_at_once_is_used_once_by_the_database_itself(
    order: SmallBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that 300 are left: no lock of the service is needed for this one."""
    monkeypatch.setattr(holds, "parts_of", both_have_read(parts_of))
    assert errors(at_once(use("one"), use("two"))) == [WrongState]
    figures = account_figures([order.account.pk])[order.account.pk]
    assert (figures.committed, figures.spent) == (100, 200)


def test_one_key_used_twice_at_once_is_one_journal_and_one_record(order: SmallBudget) -> None:
    outcomes = at_once(use("one"), use("one"))
    assert sorted(outcome.repeat for outcome in outcomes) == [False, True]
    assert len({outcome.id for outcome in outcomes}) == 1
    assert Journal.objects.filter(key="one").count() == 1


def to(month: date) -> Callable[[], Any]:
    return lambda: move_hold(key=f"to-{month}", pending_key="order", to_month=month, actor=None)


def committed(small: SmallBudget) -> dict[date, Decimal]:
    months = {month: account_figures([small.account.pk], month=month) for month in (JANUARY, FEBRUARY, MARCH)}
    return {month: found[small.account.pk].committed for month, found in months.items() if found[small.account.pk].committed}


def test_a_hold_moved_twice_at_once_without_the_lock_leaves_its_month_below_nothing(
    order: SmallBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "lock_structure", unlocked)
    monkeypatch.setattr(holds, "parts_of", both_have_read(parts_of))
    assert errors(at_once(to(FEBRUARY), to(MARCH))) == []
    assert committed(order) == {JANUARY: -300, FEBRUARY: 300, MARCH: 300}


def test_a_hold_moved_twice_at_once_lies_in_one_month(order: SmallBudget) -> None:
    assert errors(at_once(to(FEBRUARY), to(MARCH))) == []
    assert list(committed(order).values()) == [300]
    assert check_ledger().is_whole


@pytest.fixture
def tight(small_budget: SmallBudget) -> FundsAccount:
    """A line with 100 for January, by the month."""
    budget = BudgetFactory.create(entity=small_budget.entity, window="month")
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=small_budget.categories["people"])
    set_controls(budget=budget)
    allot(account, 100)
    return account


@pytest.fixture
def carry_and_spend(tight: FundsAccount, controller: User, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Once the carry has read what is left, the other spends it. The carry goes on when that is done, or is seen to wait."""
    has_read, has_spent = threading.Event(), threading.Event()

    def read_and_let_go_on(*args: Any) -> Any:
        left = left_by_month(*args)
        has_read.set()
        has_spent.wait(timeout=1.0)
        return left

    def spend() -> Any:
        has_read.wait(timeout=20)
        posted = move(tight, "spent", 100)
        has_spent.set()
        return posted

    monkeypatch.setattr(carry_previews, "left_by_month", read_and_let_go_on)
    carry: dict[str, Any] = {
        "budget": tight.budget,
        "into_budget": tight.budget,
        "span": carry_previews.CarrySpan(JANUARY, JANUARY, FEBRUARY),
        "actor": controller,
    }
    return [lambda: carry_budget(**carry), spend]


def available(account: FundsAccount) -> list[Decimal]:
    return [account_figures([account.pk], month=month)[account.pk].available for month in (JANUARY, FEBRUARY)]


def test_spending_while_it_is_carried_without_the_lock_spends_it_twice(
    carry_and_spend: list[Callable[[], Any]], tight: FundsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_runs, "lock_structure", unlocked)
    assert errors(at_once(*carry_and_spend)) == []
    assert available(tight) == [-100, 100]


def test_what_is_carried_cannot_be_spent_meanwhile(carry_and_spend: list[Callable[[], Any]], tight: FundsAccount) -> None:
    assert errors(at_once(*carry_and_spend)) == [NoFunds]
    assert available(tight) == [0, 100]
    assert check_ledger().is_whole


@pytest.fixture
def edits(db: None) -> list[Callable[[], Any]]:
    """Two files that both make a budget that is not there yet, in an entity that is."""
    load_document(document=plan("1", code="OTHER"), actor=None)
    return [lambda: load_document(document=plan("1200"), actor=None, base_id=0)] * 2


def test_two_edits_at_once_without_the_lock_run_into_the_wall(
    edits: list[Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "lock_key", lambda key: None)
    monkeypatch.setattr(loading, "_find", both_have_read(loading._find))
    assert errors(at_once(*edits)) == [IntegrityError]
    assert Budget.objects.filter(code="TINY").count() == 1


def test_of_two_edits_at_once_the_second_is_stale(edits: list[Callable[[], Any]]) -> None:
    assert errors(at_once(*edits)) == [Stale]
    assert BudgetVersion.objects.filter(budget__code="TINY").count() == 1


def test_of_two_edits_at_once_of_a_budget_in_force_the_second_is_stale(edits: list[Callable[[], Any]]) -> None:
    seen = edits[0]().version.pk
    totals = ("2400", "3600")
    later = [lambda total=total: load_document(document=plan(total), actor=None, base_id=seen) for total in totals]
    assert errors(at_once(*later)) == [Stale]
    assert BudgetVersion.objects.filter(budget__code="TINY").count() == 2
