"""What documents hold is kept beside the balances: a row while something is open, none once it is settled."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.models import OpenHold
from budgets.selectors.check import check_ledger
from budgets.services.ledger import reverse
from core.errors import Refusal
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)
LINE = "request-line:7"


def held(budget: SmallBudget) -> dict[tuple[str, str, date], Decimal]:
    rows = OpenHold.objects.filter(account=budget.account)
    return {(row.thread, row.bucket, row.month): row.amount for row in rows}


def test_a_hold_is_there_while_it_is_open(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "reserved", 30, month=MARCH, thread=LINE)
    assert held(small_budget) == {(LINE, "reserved", MARCH): Decimal("30.00")}
    move(account, "reserved", -10, month=MARCH, thread=LINE, kind="release")
    assert held(small_budget) == {(LINE, "reserved", MARCH): Decimal("20.00")}
    move(account, "reserved", -20, month=MARCH, thread=LINE, kind="release")
    assert held(small_budget) == {}
    assert check_ledger().is_whole


def test_documents_and_months_stand_apart(small_budget: SmallBudget) -> None:
    account = small_budget.account
    april = date(2026, 4, 1)
    move(account, "reserved", 30, month=MARCH, thread=LINE)
    move(account, "committed", 5, month=april, thread=LINE)
    move(account, "committed", 4, month=april)
    move(account, "spent", 9, month=april, thread=LINE)
    assert held(small_budget) == {
        (LINE, "reserved", MARCH): Decimal("30.00"),
        (LINE, "committed", april): Decimal("5.00"),
        ("", "committed", april): Decimal("4.00"),
    }
    assert check_ledger().is_whole


def test_a_reversal_closes_what_it_takes_back(small_budget: SmallBudget) -> None:
    posted = move(small_budget.account, "committed", 30, month=MARCH, thread=LINE)
    reverse(journal_id=posted.id, key="undo", actor=None)
    assert held(small_budget) == {}


def test_what_is_refused_leaves_no_hold(small_budget: SmallBudget) -> None:
    with pytest.raises(Refusal):
        move(small_budget.account, "reserved", 10**9, month=MARCH, thread=LINE)
    assert held(small_budget) == {}
