"""Business time: days are days, across weekends, holidays and changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from core.rules.worktime import (
    Calendar,
    add_business_days,
    add_working_time,
    end_of_business_day,
    next_working_moment,
    working_days_between,
    working_seconds_between,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WEEK = frozenset(range(5))


def calendar(**changes: object) -> Calendar:
    fields: dict[str, object] = {"zone": AMSTERDAM, "opens": time(9), "closes": time(17), "weekdays": WEEK}
    return Calendar(**(fields | changes))  # type: ignore[arg-type]


def local(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM)


def test_three_business_days_end_at_the_same_local_time() -> None:
    assert add_business_days(calendar(), local(2026, 11, 4, 14, 20), 3) == local(2026, 11, 9, 14, 20)


def test_outside_hours_the_count_begins_at_the_next_opening() -> None:
    assert add_business_days(calendar(), local(2026, 11, 7, 22), 3) == local(2026, 11, 12, 9)
    assert add_business_days(calendar(), local(2026, 11, 4, 7), 1) == local(2026, 11, 5, 9)


def test_a_holiday_moves_the_end_and_an_open_day_brings_it_back() -> None:
    holiday = frozenset({date(2026, 11, 6)})
    assert add_business_days(calendar(closed=holiday), local(2026, 11, 4, 10), 3) == local(2026, 11, 10, 10)
    saturday = frozenset({date(2026, 11, 7)})
    assert add_business_days(calendar(closed=holiday, opened=saturday), local(2026, 11, 4, 10), 3) == local(2026, 11, 9, 10)


def test_a_day_is_a_day_when_the_clocks_change() -> None:
    friday, monday = local(2026, 10, 23, 10), local(2026, 10, 26, 10)
    assert add_business_days(calendar(), friday, 1) == monday
    assert monday.astimezone(UTC) - friday.astimezone(UTC) == timedelta(hours=73)


def test_working_time_runs_only_in_hours() -> None:
    assert add_working_time(calendar(), local(2026, 11, 6, 16), timedelta(hours=4)) == local(2026, 11, 9, 12)
    assert end_of_business_day(calendar(), local(2026, 11, 6, 16)) == local(2026, 11, 6, 17)
    assert end_of_business_day(calendar(), local(2026, 11, 6, 17)) == local(2026, 11, 9, 17)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # the zone is the strategy's


@given(moments, st.integers(min_value=1, max_value=40 * 3600))
def test_adding_working_time_takes_exactly_that_long(start: datetime, seconds: int) -> None:
    rule = calendar(closed=frozenset({date(2025, 12, 25), date(2026, 4, 27)}))
    start = start.replace(microsecond=0)
    end = add_working_time(rule, start, timedelta(seconds=seconds))
    assert working_seconds_between(rule, start, end) == seconds
    assert working_seconds_between(rule, end, start) == -seconds


@given(moments, st.integers(min_value=1, max_value=30))
def test_business_days_end_in_working_hours_and_in_order(start: datetime, days: int) -> None:
    rule = calendar()
    end = add_business_days(rule, start, days)
    assert next_working_moment(rule, end) == end
    assert add_business_days(rule, start, days + 1) > end


def test_days_between_leave_out_weekends_holidays_and_nights() -> None:
    friday, monday = local(2026, 2, 6, 10), local(2026, 2, 9, 10)
    assert working_days_between(calendar(), friday, monday) == 1
    assert working_days_between(calendar(closed=frozenset({date(2026, 2, 9)})), friday, local(2026, 2, 10, 10)) == 1
    assert working_days_between(calendar(), local(2026, 2, 7), local(2026, 2, 8)) == 0
    assert working_days_between(calendar(), friday, friday + timedelta(hours=2)) == Decimal("0.25")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.integers(0, 12))
def test_days_between_are_those_that_were_added(start: datetime, days: int) -> None:
    moment = start.replace(tzinfo=AMSTERDAM)
    assert working_days_between(calendar(), moment, add_business_days(calendar(), moment, days)) == days
