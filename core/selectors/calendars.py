"""Work calendars as the rules need them."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from core.models import Entity, WorkCalendar
from core.rules import worktime


def calendar_of(entity: Entity, *, around: datetime) -> worktime.Calendar:
    """Return the working calendar of `entity` for the years around a moment."""
    return load_calendar(entity.calendar, around=around)


def load_calendar(calendar: WorkCalendar, *, around: datetime, years: int = 3) -> worktime.Calendar:
    """Return `calendar` with its public holidays and its own days, `years` to either side of a moment."""
    own = list(calendar.days.values_list("day", "is_open"))
    public = _public_holidays(calendar.country, calendar.subdivision, around.year - years, around.year + years)
    opened = frozenset(day for day, is_open in own if is_open)
    return worktime.Calendar(
        zone=ZoneInfo(calendar.time_zone),
        opens=calendar.opens_at,
        closes=calendar.closes_at,
        weekdays=frozenset(int(digit) for digit in calendar.weekdays),
        closed=(public | {day for day, is_open in own if not is_open}) - opened,
        opened=opened,
        version=calendar.version,
    )


@lru_cache(maxsize=256)
def _public_holidays(country: str, subdivision: str, first: int, last: int) -> frozenset[date]:
    if not country:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=range(first, last + 1)))
