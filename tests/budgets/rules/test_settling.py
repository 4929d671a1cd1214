"""Which parts of a hold are taken first, and that what is taken back is what was taken."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.postings import Posting
from budgets.rules.settling import Part, Settlement, as_postings, taken
from core.errors import WrongState

MONTHS = [date(2026, number, 1) for number in range(1, 7)]
amounts = st.decimals(min_value="0.01", max_value=10**9, places=2)
holds = st.lists(st.tuples(st.sampled_from(["a", "b"]), amounts), min_size=1, max_size=6).map(
    lambda rows: [Part(1, "committed", thread, month, amount) for month, (thread, amount) in zip(MONTHS, rows, strict=False)]
)


def part(thread: str, month: date, amount: int) -> Part:
    return Part(1, "committed", thread, month, Decimal(amount))


def test_the_earliest_months_are_taken_first() -> None:
    held = [part("a", MONTHS[0], 30), part("b", MONTHS[0], 5), part("a", MONTHS[1], 20)]
    assert taken(held, {"a": Decimal(40)}) == [part("a", MONTHS[0], 30), part("a", MONTHS[1], 10)]
    with pytest.raises(WrongState, match=r"50\.00 is left of a; this takes 51\.00"):
        taken(held, {"a": Decimal(51)})


@given(held=holds, share=st.integers(1, 100))
def test_what_is_taken_of_a_thread_adds_up_to_what_was_asked(held: list[Part], share: int) -> None:
    thread = held[0].thread
    there = sum((each.amount for each in held if each.thread == thread), Decimal(0))
    wanted = max(Decimal("0.01"), (there * share / 100).quantize(Decimal("0.01"), rounding="ROUND_DOWN"))
    found = taken(held, {thread: wanted})
    assert sum((each.amount for each in found), Decimal(0)) == wanted
    assert {each.thread for each in found} == {thread}


@given(held=holds, more=amounts)
def test_what_is_taken_back_and_what_it_becomes_are_what_was_asked(held: list[Part], more: Decimal) -> None:
    thread = held[0].thread
    postings = as_postings([Settlement(each, each.month) for each in held], "spent", {thread: more}, month=None, memo="")
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for posting in postings:
        sums[posting.bucket, posting.thread] += posting.amount
    for name in {each.thread for each in held}:
        there = sum((each.amount for each in held if each.thread == name), Decimal(0))
        assert sums["committed", name] == -there
        assert sums["spent", name] == (more if name == thread else there)
    assert all(posting.amount > 0 for posting in postings if posting.bucket == "spent")


def test_a_hold_of_a_closed_month_is_taken_back_where_it_is_used() -> None:
    postings = as_postings([Settlement(part("a", MONTHS[0], 30), MONTHS[3])], "spent", {}, month=MONTHS[3], memo="Invoice 7")
    assert postings == [
        Posting(1, MONTHS[3], "committed", Decimal(-30), "a", "Invoice 7"),
        Posting(1, MONTHS[3], "spent", Decimal(30), "a", "Invoice 7"),
    ]
