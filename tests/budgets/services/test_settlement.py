"""Pending journals: what settles one takes no more than it holds. The database decides, whoever asks."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, FundsAccount, Journal, Link
from budgets.selectors.check import check_ledger
from budgets.services.ledger import Posting, post, reverse
from core.errors import WrongState
from tests.factories.budgets import JANUARY, move
from tests.fixtures.budgets import SmallBudget

MAY = date(2026, 5, 1)


@pytest.fixture
def line(small_budget: SmallBudget) -> FundsAccount:
    """A line with an order of 100.00 that is pending."""
    move(small_budget.account, "committed", 100, thread="order", key="order")
    return small_budget.account


def settle(line: FundsAccount, amount: str, **how: str) -> int:
    named: dict[str, Any] = {"thread": "order", "kind": "liquidate", "settles": "order"} | how
    return move(line, "committed", amount, **named).id


def test_it_is_settled_in_parts_in_whatever_months_and_then_no_more(line: FundsAccount) -> None:
    settle(line, "-30")
    move(line, "committed", -70, thread="order", kind="release", settles="order", month=MAY)
    standing = (Journal.objects.count(), Entry.objects.count(), Link.objects.count())
    with pytest.raises(WrongState, match=r"has 0\.00 committed left") as refused:
        settle(line, "-0.01")
    assert (refused.value.code, refused.value.details["left"]) == ("settled", "0.00")
    assert (Journal.objects.count(), Entry.objects.count(), Link.objects.count()) == standing
    assert check_ledger().is_whole


def test_more_than_is_left_is_refused(line: FundsAccount) -> None:
    settle(line, "-60")
    with pytest.raises(WrongState, match=r"has 40\.00 committed left; this takes 40\.01"):
        settle(line, "-40.01")
    assert Journal.objects.filter(settles__key="order").count() == 1


def test_no_more_is_given_back_than_was_taken(line: FundsAccount) -> None:
    settle(line, "-60")
    settle(line, "20")
    with pytest.raises(WrongState):
        settle(line, "40.01")
    settle(line, "40")
    assert check_ledger().is_whole


@pytest.mark.parametrize("how", [{"thread": "other"}, {"settles": "nothing of the kind"}])
def test_what_settles_nothing_of_it_is_refused(line: FundsAccount, how: dict[str, str]) -> None:
    with pytest.raises(WrongState):
        settle(line, "-10", **how)


def test_what_holds_nothing_cannot_be_settled(line: FundsAccount) -> None:
    move(line, "spent", 10, thread="order", key="invoice")
    with pytest.raises(WrongState, match="Nothing of this settles"):
        settle(line, "-10", settles="invoice")


def test_one_that_was_settled_in_part_is_not_reversed_until_that_is(line: FundsAccount) -> None:
    order = Journal.objects.get(key="order")
    part = settle(line, "-30")
    with pytest.raises(WrongState, match="settled in part"):
        reverse(journal_id=order.pk, key="undo order", actor=None)
    reverse(journal_id=part, key="undo part", actor=None)
    reverse(journal_id=order.pk, key="undo order", actor=None)
    with pytest.raises(WrongState, match="was reversed"):
        settle(line, "-1")
    assert check_ledger().is_whole


def test_what_is_given_back_is_held_in_one_place(line: FundsAccount) -> None:
    part = settle(line, "-40")
    reverse(journal_id=part, key="undo", actor=None)
    with pytest.raises(WrongState, match="Nothing of this settles"):
        settle(line, "-40", settles="undo")
    settle(line, "-100")
    with pytest.raises(WrongState):
        settle(line, "-0.01")


def test_a_reversal_is_the_exact_opposite_whatever_is_asked(line: FundsAccount) -> None:
    """Entries that are handed over with a reversal are not looked at: the database takes those of the journal."""
    order = Journal.objects.get(key="order")
    posted = reverse(journal_id=order.pk, key="undo", actor=None)
    entries = Journal.objects.get(pk=posted.id).entries.values_list("account", "bucket", "amount", "thread")
    assert list(entries) == [(line.pk, "committed", Decimal("-100.00"), "order")]


def test_each_line_of_a_document_is_held_by_itself(line: FundsAccount, small_budget: SmallBudget) -> None:
    other = small_budget.accounts["PRODUCT", "people"]
    lines = [Posting(line.pk, MAY, "reserved", Decimal(10), "a"), Posting(other.pk, MAY, "reserved", Decimal(20), "b")]
    post(key="two", kind="reserve", entity=line.entity, postings=lines, actor=None, source=("test", "1"))
    with pytest.raises(WrongState):
        move(line, "reserved", -11, month=MAY, thread="a", kind="release", settles="two")
    move(other, "reserved", -20, month=MAY, thread="b", kind="release", settles="two")
    with pytest.raises(WrongState):
        move(other, "reserved", "-0.01", month=MAY, thread="b", kind="release", settles="two")
    move(line, "reserved", -10, month=MAY, thread="a", kind="release", settles="two")


def test_one_whose_hold_lies_in_another_month_is_not_reversed_where_it_was(line: FundsAccount) -> None:
    there = [
        Posting(line.pk, JANUARY, "committed", Decimal(-100), "order"),
        Posting(line.pk, MAY, "committed", Decimal(100), "order"),
    ]
    moved = post(key="moved", kind="move", entity=line.entity, postings=there, actor=None, source=("test", "1"), is_fact=True)
    order = Journal.objects.get(key="order")
    with pytest.raises(WrongState, match="settled in part"):
        reverse(journal_id=order.pk, key="undo order", actor=None)
    reverse(journal_id=moved.id, key="undo moved", actor=None)
    reverse(journal_id=order.pk, key="undo order", actor=None)
    assert check_ledger().is_whole
