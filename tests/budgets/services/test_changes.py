"""What changed between two moments: the entries recorded in between, so that both stands and the difference agree."""

import random
from datetime import date, datetime, timedelta

import pytest

from budgets.models import Entry
from budgets.selectors import as_of
from budgets.selectors.as_of import figures_as_of
from budgets.selectors.balances import Figures
from budgets.selectors.changes import changes_between
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import User
from tests.budgets.services.test_as_of import SETTLED
from tests.factories.budgets import allot, move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MARCH = date(2026, 3, 1)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test inside one transaction is a posting in flight itself: here each moment is taken for settled."""
    monkeypatch.setattr(as_of, "_STAND", SETTLED)


def recorded(days_ago: int) -> datetime:
    return clock.now() - days_ago * DAY


def at(moment: datetime, what: str, budget: SmallBudget, amount: str, month: date = MARCH) -> None:
    with clock.at(moment), as_owner():
        allot(budget.account, amount, month=month) if what == "allotted" else move(budget.account, what, amount, month=month)


def test_each_line_is_told_with_what_caused_it(settled: None, small_budget: SmallBudget, auditor: User) -> None:
    at(recorded(10), "allotted", small_budget, "1000.00")
    at(recorded(6), "spent", small_budget, "300.00")
    at(recorded(5), "spent", small_budget, "40.00")
    at(recorded(2), "spent", small_budget, "7.00")
    found = changes_between(auditor, small_budget.budget, since=recorded(8), until=recorded(4))
    [line] = found.lines
    assert (line.account, line.journals) == (small_budget.account, 2)
    assert (line.before.available, line.change, line.after.spent) == (1000, Figures(spent=line.change.spent), 340)
    [cause] = found.causes
    assert (cause.journals, cause.change.spent) == (2, 340)
    assert found.after == found.before + line.change


def test_a_month_up_to_which_it_is_asked_leaves_later_ones_out(settled: None, small_budget: SmallBudget, auditor: User) -> None:
    at(recorded(6), "allotted", small_budget, "10.00", date(2026, 2, 1))
    at(recorded(6), "allotted", small_budget, "500.00", date(2026, 4, 1))
    found = changes_between(auditor, small_budget.budget, since=recorded(8), until=recorded(4), through=MARCH)
    assert found.change.allotted == 10


@pytest.mark.parametrize("seed", range(3))
def test_before_and_change_give_what_stood_after(settled: None, small_budget: SmallBudget, auditor: User, seed: int) -> None:
    dice = random.Random(seed)
    at(recorded(30), "allotted", small_budget, "5000.00")
    for day in sorted(dice.sample(range(1, 29), 8), reverse=True):
        month = date(2026, dice.randint(1, 6), 1)
        at(recorded(day), "allotted", small_budget, f"{dice.randint(100, 90000) / 100:.2f}", month)
    accounts = list(Entry.objects.values_list("account_id", flat=True).distinct())
    for _ in range(4):
        first, last = sorted(dice.sample(range(1, 32), 2), reverse=True)
        since, until = recorded(first), recorded(last)
        found = changes_between(auditor, small_budget.budget, since=since, until=until)
        stood = [sum(figures_as_of(accounts, moment=each).by_account().values(), Figures()) for each in (since, until)]
        assert [found.before, found.after] == stood
        assert sum((cause.change for cause in found.causes), Figures()) == found.change
        assert len(found.lines) + found.untouched == small_budget.budget.accounts.count()


def test_a_span_that_ends_before_it_begins_is_refused(settled: None, small_budget: SmallBudget, auditor: User) -> None:
    with pytest.raises(InvalidInput, match="ends before it begins"):
        changes_between(auditor, small_budget.budget, since=recorded(2), until=recorded(3))


def test_what_is_still_being_posted_is_waited_for(small_budget: SmallBudget, auditor: User) -> None:
    with pytest.raises(WrongState, match="may still belong"):
        changes_between(auditor, small_budget.budget, since=recorded(2), until=clock.now() + DAY)


def test_without_an_end_it_is_up_to_what_stands(small_budget: SmallBudget, auditor: User) -> None:
    at(recorded(6), "allotted", small_budget, "10.00")
    found = changes_between(auditor, small_budget.budget, since=recorded(8))
    assert found.change.allotted == 10
    assert recorded(1) < found.until <= clock.now()
