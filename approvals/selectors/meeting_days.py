"""When a committee meets next, and by when what it gets now is due."""

from datetime import datetime

from approvals.models import CommitteeVersion, Meeting
from approvals.rules.meetings import Planned, meetings_after, read_meets
from core.rules.worktime import end_of_business_day
from core.selectors.calendars import load_calendar
from core.viewer import known_zone


def planned_after(version: CommitteeVersion, after: datetime, *, most: int = 1) -> list[Planned]:
    """Return the next meetings by a committee's cadence; none where it meets when somebody calls it."""
    entity = version.committee.entity
    calendar = load_calendar(entity.calendar, around=after)
    return meetings_after(
        after,
        read_meets("\n".join(version.meets)),
        week=version.week,
        weekday=version.weekday,
        begins_at=version.begins_at,
        zone=known_zone(entity.time_zone),
        fiscal_start=entity.fiscal_year_start_month,
        works_on=calendar.works_on,
        most=most,
    )


def next_at(version: CommitteeVersion, after: datetime) -> datetime | None:
    """Return when a committee meets next (UTC): the first that was called, or that its cadence says; None where neither is."""
    called = version.committee.meetings.filter(state=Meeting.State.PLANNED, starts_at__gt=after).order_by("starts_at").first()
    moments = [each.starts_at for each in planned_after(version, after)] + ([called.starts_at] if called else [])
    return min(moments, default=None)


def due_by_meeting(version: CommitteeVersion, after: datetime) -> datetime | None:
    """Return by when a committee decides what it gets now (UTC): the end of the working day on which it meets next."""
    starts_at = next_at(version, after)
    if starts_at is None:
        return None
    return end_of_business_day(load_calendar(version.committee.entity.calendar, around=starts_at), starts_at)
