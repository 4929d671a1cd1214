"""Working calendars for pages. A calendar's version rises with each change, so one that was read stays right until then."""

from datetime import datetime
from functools import lru_cache

from core.models import Entity, WorkCalendar
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar


def calendar_for(entity: Entity, *, now: datetime) -> Calendar:
    """Return the calendar of an entity that was read together with it."""
    calendar = entity.calendar
    return _calendar(calendar.pk, calendar.version, now.year)


@lru_cache(maxsize=64)
def _calendar(calendar_id: int, version: int, year: int) -> Calendar:
    calendar = WorkCalendar.objects.get(pk=calendar_id, version=version)
    return load_calendar(calendar, around=datetime.fromisoformat(f"{year}-07-01T00:00:00+00:00"))
