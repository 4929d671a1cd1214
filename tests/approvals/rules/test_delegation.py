"""Who is asked in whose place: chains of finite length, circles found, duties kept apart for both people. All pure."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.delegation import LONGEST, Deputies, Link, Matter, length_of, loop_of, lowest, shortage
from approvals.rules.separation import OWN_REQUEST, SPENT, TWICE, in_whose_place, why_not_decide

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MATTER = Matter("vendor_payment", "/ENG/PLATFORM/", Decimal(1200))


def link(person: int, delegate: int | None, *, days: tuple[int, int] = (-1, 7), **more: Any) -> Link:
    starts_at, ends_at = (NOW + timedelta(days=number) for number in days)
    return Link(person * 100 + (delegate or 0), person, delegate, starts_at, ends_at, **more)


@pytest.mark.parametrize(
    ("terms", "covers"),
    [
        ({}, True),
        ({"kinds": frozenset({"travel"})}, False),
        ({"kinds": frozenset({"travel", "vendor_payment"})}, True),
        ({"limit": Decimal(1200)}, True),
        ({"limit": Decimal("1199.99")}, False),
        ({"path": "/ENG/"}, True),
        ({"path": "/OPS/"}, False),
    ],
)
def test_a_statement_covers_what_it_says(terms: dict[str, Any], covers: bool) -> None:
    found = link(1, 2, **terms)
    assert found.covers(MATTER) is covers
    assert Deputies((found,)).stand_in(1, MATTER) == (2 if covers else 1)


def test_an_amount_in_another_currency_is_within_no_limit() -> None:
    foreign = Matter("vendor_payment", "/", Decimal(1), is_foreign=True)
    assert not link(1, 2, limit=Decimal(1000)).covers(foreign)
    assert link(1, 2).covers(foreign)


def test_it_begins_and_ends_by_itself() -> None:
    found = link(1, 2, days=(0, 1))
    assert found.is_on(NOW)
    assert not found.is_on(NOW - timedelta(microseconds=1))
    assert not found.is_on(NOW + timedelta(days=1))


def test_a_chain_is_followed_to_its_end_and_each_of_it_may_decide() -> None:
    deputies = Deputies((link(1, 2), link(2, 3), link(3, 4)))
    assert deputies.stand_in(1, MATTER) == 4
    assert [len(deputies.way(1, person, MATTER)) for person in (2, 3, 4)] == [1, 2, 3]
    assert deputies.way(4, 1, MATTER) == ()


def test_a_chain_ends_where_a_link_does_not_cover() -> None:
    deputies = Deputies((link(1, 2), link(2, 3, limit=Decimal(1000))))
    assert deputies.stand_in(1, MATTER) == 2
    assert deputies.way(1, 3, MATTER) == ()


def test_nobody_is_asked_through_somebody_who_may_not_or_is_not_there() -> None:
    assert Deputies((link(1, 2),)).stand_in(1, MATTER, barred={2}) is None
    assert Deputies((link(1, 2),)).stand_in(1, MATTER, barred={1}) is None
    assert Deputies((link(1, 2, is_able=False),)).stand_in(1, MATTER) is None
    assert Deputies((link(1, 2), link(2, None))).stand_in(1, MATTER) is None
    assert Deputies((link(1, None),)).stand_in(1, MATTER) is None
    assert Deputies((), frozenset({1})).stand_in(1, MATTER) is None
    assert Deputies((link(1, 2),), frozenset({1})).stand_in(1, MATTER) == 2


def test_out_of_office_is_for_what_the_delegation_leaves() -> None:
    deputies = Deputies((link(1, None), link(1, 2, limit=Decimal(1000))))
    assert deputies.stand_in(1, Matter("vendor_payment", "/", Decimal(500))) == 2
    assert deputies.stand_in(1, MATTER) is None


def test_circles_are_found_where_they_hold_at_one_time() -> None:
    assert loop_of(link(2, 1), [link(1, 2)]) == [2, 1]
    assert loop_of(link(3, 1), [link(1, 2), link(2, 3)]) == [3, 1, 2]
    assert loop_of(link(2, 1, days=(8, 9)), [link(1, 2)]) is None
    assert loop_of(link(3, 1, days=(3, 9)), [link(1, 2, days=(0, 5)), link(2, 3, days=(5, 9))]) is None
    assert loop_of(link(2, 1, kinds=frozenset({"a"})), [link(1, 2, kinds=frozenset({"b"}))]) is None
    assert loop_of(link(2, 1, path="/A/"), [link(1, 2, path="/B/")]) is None
    assert loop_of(link(2, 1, path="/A/"), [link(1, 2)]) == [2, 1]
    # The link between is for nothing that both ends are for.
    ways = [link(1, 2, kinds=frozenset({"a"})), link(2, 3)]
    assert loop_of(link(3, 1, kinds=frozenset({"b"})), ways) is None


def test_the_length_of_a_chain_counts_both_ways() -> None:
    assert length_of(link(1, 2), []) == 1
    assert length_of(link(2, 3), [link(1, 2), link(3, 4)]) == LONGEST
    assert length_of(link(4, 5), [link(1, 2), link(2, 3), link(3, 4)]) == LONGEST + 1


def test_places_of_a_delegate() -> None:
    known: dict[str, Any] = {"requester": 9, "members": [1, 2]}
    assert in_whose_place(person=2, decided=set(), stands_for=[1], **known) == [2, 1]
    assert in_whose_place(person=3, decided=set(), stands_for=[1], **known) == [1]
    assert in_whose_place(person=3, decided={1}, stands_for=[1], **known) == []
    assert in_whose_place(person=3, decided={3}, stands_for=[1], **known) == []
    assert why_not_decide(person=9, decided=set(), stands_for=[1], **known) == OWN_REQUEST
    assert why_not_decide(person=3, decided={1}, stands_for=[1], **known) == SPENT
    assert why_not_decide(person=3, decided={3}, stands_for=[1], **known) == TWICE
    assert why_not_decide(person=3, decided=set(), stands_for=[9], requester=9, members=[9]) == SPENT
    assert not why_not_decide(person=3, decided=set(), stands_for=[1], **known)


def test_what_is_short_counts_people_once() -> None:
    assert shortage(needed=2, candidates={1: 3, 2: 3}) == 1
    assert shortage(needed=1, candidates={1: None}) == 1
    assert shortage(needed=2, candidates={1: 3, 2: 4}) == 0
    assert lowest([None, Decimal(5), Decimal(3)]) == Decimal(3)
    assert lowest([None]) is None


STATEMENTS = st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), max_size=8)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(stated=STATEMENTS, steps=STEPS, requester=st.integers(0, 5))
def test_no_sequence_counts_anybody_twice(
    stated: list[tuple[int, int | None]], steps: list[tuple[int, int]], requester: int
) -> None:
    """Whatever is stated, circles included: nobody decides twice, for themselves or through others, and ways are finite."""
    links: dict[tuple[int, bool], Link] = {}
    for person, delegate in stated:
        if person != delegate:
            links.setdefault((person, delegate is None), link(person, delegate))
    deputies = Deputies(tuple(links.values()))
    counted: list[int] = []
    for person, member in steps:
        stands_for = [other for other in range(6) if deputies.way(other, person, MATTER)]
        places = in_whose_place(person=person, requester=requester, members=[member], decided=set(counted), stands_for=stands_for)
        assert len(deputies.chain(person, MATTER)) <= LONGEST
        if places:
            counted += {person, places[0]}
    assert len(counted) == len(set(counted))
    assert requester not in counted
