"""Work calendars as the rules need them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.models import Entity, PersonCalendar, User, WorkCalendar
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


# What was stated of people's calendars: from which moment on which holds, the earliest first; None as their organization.
Stated = dict[int, list[tuple[datetime, WorkCalendar | None]]]


def calendars_of_people(people: Collection[int]) -> Stated:
    """Return what was stated of the calendars of `people`, in one query for all."""
    found: Stated = {}
    rows = PersonCalendar.objects.filter(person__in=people) if people else PersonCalendar.objects.none()
    for row in rows.select_related("calendar").order_by("person_id", "valid_from"):
        found.setdefault(row.person_id, []).append((begins_at(row), row.calendar))
    return found


def own_calendar(stated: Stated, person_id: int, *, at: datetime) -> WorkCalendar | None:
    """Return the calendar that a person works by at a moment, where it is one of their own."""
    return next((calendar for begins, calendar in reversed(stated.get(person_id, [])) if begins <= at), None)


def begins_at(row: PersonCalendar) -> datetime:
    """Return the moment (UTC) from which a statement holds: the start of its day where the calendar is."""
    zone = ZoneInfo(row.calendar.time_zone) if row.calendar else UTC
    return datetime.combine(row.valid_from, time(), zone).astimezone(UTC)


def history_of(person: User) -> list[PersonCalendar]:
    """Return what was stated of a person's calendar, the latest day first."""
    return list(PersonCalendar.objects.filter(person=person).select_related("calendar", "stated_by").order_by("-valid_from"))


def calendars_seen(entities: Collection[Entity], people: QuerySet[User]) -> QuerySet[WorkCalendar]:
    """Return the calendars of organizations, and those of no organization by which nobody but `people` works."""
    others = PersonCalendar.objects.filter(calendar=OuterRef("pk")).exclude(person__in=people)
    return WorkCalendar.objects.filter(Q(entities__in=entities) | Q(entities=None) & ~Exists(others)).distinct()


@lru_cache(maxsize=256)
def _public_holidays(country: str, subdivision: str, first: int, last: int) -> frozenset[date]:
    if not country:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=range(first, last + 1)))
