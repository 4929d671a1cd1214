"""Working calendars for pages. A calendar's version rises with each change, so one that was read stays right until then."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from approvals.models import Stage
from core.models import Entity, WorkCalendar
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar


def calendar_for(entity: Entity, *, now: datetime) -> Calendar:
    """Return the calendar of an entity that was read together with it."""
    calendar = entity.calendar
    return _calendar(calendar.pk, calendar.version, now.year)


def calendar_of_stage(stage: Stage, clock: Mapping[str, int] | None, *, now: datetime) -> Calendar:
    """Return the calendar by which a stage's deadline is counted: that of `clock`, as lists and stories read it of its timer.

    The organization's where no clock runs, and for the moment in which a changed calendar is not yet reckoned with.
    """
    if clock is not None and clock["calendar"] != stage.request.entity.calendar_id:
        with suppress(WorkCalendar.DoesNotExist):
            return _calendar(clock["calendar"], clock["version"], now.year)
    return calendar_for(stage.request.entity, now=now)


@lru_cache(maxsize=64)
def _calendar(calendar_id: int, version: int, year: int) -> Calendar:
    calendar = WorkCalendar.objects.get(pk=calendar_id, version=version)
    return load_calendar(calendar, around=datetime.fromisoformat(f"{year}-07-01T00:00:00+00:00"))
