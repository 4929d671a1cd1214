"""Due times reckoned minute by minute, by walking through them: slow, plain, and nothing of the product's.

A clock on a wall of the zone is looked at each minute. Opening and closing hours must not lie where the clocks are changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Office:
    """When somebody is there. `away` are days on which nobody is, though it is no weekend."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    away: frozenset[date] = frozenset()

    def on_the_wall(self, moment: datetime) -> datetime:
        """Return what the clock in the office shows, without a zone."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def is_day(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.away

    def is_there(self, moment: datetime) -> bool:
        wall = self.on_the_wall(moment)
        return self.is_day(wall.date()) and self.opens <= wall.time() < self.closes


def due(words: str, office: Office, start: datetime) -> datetime:
    """Return when a span from a whole minute on is over (UTC): `N business hours|business days|hours|weeks`, `same day`."""
    if words.startswith("half of "):
        minutes = sum(
            1 for moment in _minutes(start, due(words.removeprefix("half of "), office, start)) if office.is_there(moment)
        )
        return _after_work(office, start, timedelta(seconds=minutes * 60 // 2))
    count, _, unit = words.partition(" ")
    match unit.rstrip("s"):
        case "hour":
            return start + timedelta(hours=int(count))
        case "business hour":
            return _after_work(office, start, timedelta(hours=int(count)))
        case "business day":
            return _days_later(office, start, int(count))
        case "week":
            return _days_later(office, start, int(count) * len(office.weekdays))
        case "day" if count == "same":
            return _closing(office, start)
    raise ValueError(words)


def _minutes(first: datetime, last: datetime | None = None) -> Iterator[datetime]:
    moment = first
    while last is None or moment < last:
        yield moment
        moment += MINUTE


def _first_there(office: Office, start: datetime) -> datetime:
    return next(moment for moment in _minutes(start) if office.is_there(moment))


def _after_work(office: Office, start: datetime, work: timedelta) -> datetime:
    """Count the minutes in which somebody is there until there were enough; the last may count in part."""
    for moment in _minutes(_first_there(office, start)):
        if office.is_there(moment):
            if work <= MINUTE:
                return moment + work
            work -= MINUTE
    raise AssertionError


def _closing(office: Office, start: datetime) -> datetime:
    return next(moment for moment in _minutes(_first_there(office, start)) if not office.is_there(moment))


def _days_later(office: Office, start: datetime, days: int) -> datetime:
    """Count days on which somebody is there; then wait until the clock on the wall shows the same again."""
    begin = _first_there(office, start)
    wall = office.on_the_wall(begin)
    day = wall.date()
    while days:
        day += timedelta(days=1)
        days -= office.is_day(day)
    target = datetime.combine(day, wall.time())
    # From before midnight anywhere on earth.
    for moment in _minutes(datetime.combine(day, time(), UTC) - timedelta(hours=16)):
        shown = office.on_the_wall(moment)
        if shown == target:
            return moment
        if shown < target < office.on_the_wall(moment + MINUTE):
            # The clock jumped over it: as long after as it would have been.
            return moment + (target - shown)
    raise AssertionError
