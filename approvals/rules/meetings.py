"""When a committee meets: lines such as `monthly: budget review`, a weekday of the month and a time. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, islice
from zoneinfo import ZoneInfo

MOST_LINES = 10
LONGEST_PURPOSE = 200
LAST = 5
MONTHS = 12


class Every(StrEnum):
    """How often."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUALLY = "annually"


EACH_MONTHS = {Every.MONTHLY: 1, Every.QUARTERLY: 3, Every.ANNUALLY: 12}


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a committee meets, and what for."""

    every: Every
    purpose: str

    def __str__(self) -> str:
        return f"{self.every}: {self.purpose}"

    def falls_in(self, month: int, *, fiscal_start: int) -> bool:
        """Say whether it falls in a month: each, or the first of each quarter or year of the entity."""
        return (month - fiscal_start) % EACH_MONTHS[self.every] == 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting to come: when it begins (UTC), and what for."""

    starts_at: datetime
    purposes: tuple[str, ...]


def read_meets(text: str) -> list[Cadence]:
    """Read lines such as `monthly: budget review`. None: it meets when somebody calls it. Raises ValueError, naming the line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise ValueError(f"State at most {MOST_LINES} lines.")
    return [_line(line) for line in lines]


def _line(line: str) -> Cadence:
    every, colon, purpose = line.partition(":")
    purpose = purpose.strip()
    if every.strip() not in set(Every) or not colon or not purpose or len(purpose) > LONGEST_PURPOSE or "\x00" in purpose:
        said = "Write “monthly: budget review”, or begin with quarterly or annually"
        raise ValueError(f"“{line[:80]}” does not say how often and what for. {said}.")
    return Cadence(Every(every.strip()), purpose)


def meetings_after(
    moment: datetime,
    cadences: Sequence[Cadence],
    *,
    week: int,
    weekday: int,
    begins_at: time,
    zone: ZoneInfo,
    fiscal_start: int,
    works_on: Callable[[date], bool],
    most: int,
) -> list[Planned]:
    """Return the next meetings after a moment. Where the day is none of work, it is the next one that is.

    `week` counts the month's such weekdays, 5 is the last; Monday is 0.
    """
    if not cadences:
        return []
    local = moment.astimezone(zone)
    found = (
        Planned(_at(day, begins_at, zone), tuple(each.purpose for each in due))
        for year, month in _months(local.year, local.month)
        if (due := [each for each in cadences if each.falls_in(month, fiscal_start=fiscal_start)])
        for day in [_working(nth_weekday(year, month, week=week, weekday=weekday), works_on)]
    )
    return list(islice((each for each in found if each.starts_at > moment), most))


def nth_weekday(year: int, month: int, *, week: int, weekday: int) -> date:
    """Return the day of a month that is its first, second, third or fourth such weekday, or its last for 5."""
    if week == LAST:
        following = date(year + month // MONTHS, month % MONTHS + 1, 1)
        last = following - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (week - 1))


def _working(day: date, works_on: Callable[[date], bool]) -> date:
    """Return the day, or the next one that is worked on; where no day of the next weeks is, the day itself."""
    days = (day + timedelta(days=offset) for offset in range(31))
    return next((each for each in days if works_on(each)), day)


def _at(day: date, begins_at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, begins_at, tzinfo=zone).astimezone(UTC)


def _months(year: int, month: int) -> Iterator[tuple[int, int]]:
    # A meeting of the month before may have been moved into this one.
    for offset in count(-1):
        whole = year * MONTHS + month - 1 + offset
        yield whole // MONTHS, whole % MONTHS + 1
