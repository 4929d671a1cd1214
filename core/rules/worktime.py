"""Business time: what three business days after a moment is, in a zone, with hours and holidays. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
FURTHEST = 3700


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working hours in one zone. `closed` and `opened` are days that differ from the weekday rule."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    closed: frozenset[date] = field(default_factory=frozenset)
    opened: frozenset[date] = field(default_factory=frozenset)
    version: int = 1

    def works_on(self, day: date) -> bool:
        """Say whether `day` is a working day."""
        if day in self.opened:
            return True
        return day.weekday() in self.weekdays and day not in self.closed

    def opening(self, day: date) -> datetime:
        """Return the moment (UTC) at which `day` opens."""
        return datetime.combine(day, self.opens, self.zone).astimezone(UTC)

    def closing(self, day: date) -> datetime:
        """Return the moment (UTC) at which `day` closes."""
        return datetime.combine(day, self.closes, self.zone).astimezone(UTC)


def next_working_moment(calendar: Calendar, start: datetime) -> datetime:
    """Return `start` where it lies in working hours, else the next opening (UTC)."""
    for day in _working_days(calendar, start.astimezone(calendar.zone).date()):
        if start < calendar.closing(day):
            return max(start.astimezone(UTC), calendar.opening(day))
    raise ValueError("The calendar has no working day within ten years.")


def add_business_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """Return the same local time on the `days`-th working day after `start`, counted from the next opening (UTC).

    A local time that a change of clocks skips is taken as the moment it would have been; one that occurs twice, as the first.
    """
    begin = next_working_moment(calendar, start)
    local = begin.astimezone(calendar.zone)
    following = (day for day in _working_days(calendar, local.date()) if day > local.date())
    for _ in range(days):
        target = next(following)
    if days <= 0:
        return begin
    return datetime.combine(target, local.time(), calendar.zone).astimezone(UTC)


def add_working_time(calendar: Calendar, start: datetime, delta: timedelta) -> datetime:
    """Return the moment (UTC) at which `delta` of working hours has passed since `start`."""
    left = delta
    moment = next_working_moment(calendar, start)
    for day in _working_days(calendar, moment.astimezone(calendar.zone).date()):
        moment = max(moment, calendar.opening(day))
        available = calendar.closing(day) - moment
        if left <= available:
            return moment + left
        left -= available
    raise ValueError("The calendar has no working day within ten years.")


def end_of_business_day(calendar: Calendar, start: datetime) -> datetime:
    """Return the closing (UTC) of the working day in which `start` falls, or of the next one."""
    begin = next_working_moment(calendar, start)
    return calendar.closing(begin.astimezone(calendar.zone).date())


def working_seconds_between(calendar: Calendar, first: datetime, last: datetime) -> int:
    """Return how many seconds of working hours lie between two moments; negative where `last` is the earlier."""
    if last < first:
        return -working_seconds_between(calendar, last, first)
    total = timedelta()
    last_day = last.astimezone(calendar.zone).date()
    day = first.astimezone(calendar.zone).date()
    while day <= last_day:
        if calendar.works_on(day):
            overlap = min(last, calendar.closing(day)) - max(first, calendar.opening(day))
            total += max(overlap, timedelta())
        day += ONE_DAY
    return int(total.total_seconds())


def working_days_between(calendar: Calendar, first: datetime, last: datetime) -> Decimal:
    """Return how many working days lie between two moments: the same local time on the next working day is one day on.

    It is what `add_business_days` adds, in parts of a day; nights, weekends and holidays count for nothing. To two places.
    """
    day = first.date()
    length = datetime.combine(day, calendar.closes) - datetime.combine(day, calendar.opens)
    seconds = Decimal(working_seconds_between(calendar, first, last))
    return (seconds / int(length.total_seconds())).quantize(Decimal("0.01"))


def _working_days(calendar: Calendar, first: date) -> Iterator[date]:
    for offset in range(FURTHEST):
        day = first + offset * ONE_DAY
        if calendar.works_on(day):
            yield day
