"""A clock that stood still goes on with what was left of the working time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.sla import due_at, due_with_pauses, explain_pause, parse_span, stood
from core.rules.worktime import Calendar, working_seconds_between

OFFICE = Calendar(ZoneInfo("UTC"), time(9), time(17), frozenset(range(5)))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "pause", "due"),
    [
        ("2 business days", (at(2, 12), at(2, 15)), at(4, 13)),
        ("2 business days", (at(2, 12), at(3, 12)), at(5, 10)),
        ("2 business days", (at(6, 12), at(7, 12)), at(4, 10)),
        ("same day", (at(2, 12), at(2, 15)), at(3, 12)),
        ("same day", (at(2, 12), at(2, 12)), at(2, 17)),
        ("4 business hours", (at(2, 11), at(9, 11)), at(9, 14)),
        ("48 hours", (at(2, 12), at(3, 0)), at(4, 22)),
        ("half of 48 hours", (at(2, 12), at(2, 13)), at(3, 11)),
    ],
)
def test_a_pause_adds_its_working_time(span: str, pause: tuple[datetime, datetime], due: datetime) -> None:
    assert due_with_pauses(parse_span(span), OFFICE, at(2, 10), [pause]) == due


def test_a_pause_over_a_weekend_outside_hours_moves_nothing() -> None:
    assert due_with_pauses(parse_span("5 business days"), OFFICE, at(2, 10), [(at(6, 17), at(9, 9))]) == at(9, 10)


def test_pauses_add_up_in_whatever_order_they_are_told() -> None:
    pauses = [(at(3, 9), at(3, 11)), (at(2, 12), at(2, 15))]
    assert due_with_pauses(parse_span("2 business days"), OFFICE, at(2, 10), pauses) == at(4, 15)


@given(st.integers(0, 14 * 24 * 60), st.integers(0, 14 * 24 * 60))
def test_what_was_left_is_left(offset: int, length: int) -> None:
    span, start = parse_span("3 business days"), at(2, 10)
    began = start + timedelta(minutes=offset)
    ended = began + timedelta(minutes=length)
    before = due_at(span, OFFICE, start)
    after = due_with_pauses(span, OFFICE, start, [(began, ended)])
    if began >= before:
        assert after == before
    else:
        assert working_seconds_between(OFFICE, ended, after) == working_seconds_between(OFFICE, began, before)


def test_it_says_how_long_it_stood() -> None:
    span, pause = parse_span("2 business days"), (at(2, 12), at(3, 10, 30))
    assert stood(span, OFFICE, *pause) == timedelta(hours=6, minutes=30)
    assert explain_pause(span, OFFICE, pause, at(5, 9)) == (
        "Stood still from Mon 2 Mar 2026, 12:00 to Tue 3 Mar 2026, 10:30, 6:30 business hours: due Thu 5 Mar 2026, 09:00."
    )
