"""From which moment on a policy holds that is published for a day. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FURTHEST_YEARS = 10
SOON = timedelta(days=14)


class TooFar(ValueError):
    """The day is further away than anybody plans."""


def is_past(day: date, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether a day of the zone is over."""
    return day < now.astimezone(zone).date()


def begins(day: date | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment (UTC): the start of the day in the zone, or now where the day is today or over, or none is named.

    A midnight that a change of clocks skips is taken as the moment it would have been. Raises TooFar.
    """
    today = now.astimezone(zone).date()
    if day is None or day <= today:
        return now
    if day.year > today.year + FURTHEST_YEARS:
        raise TooFar
    return datetime.combine(day, time(), zone).astimezone(UTC)
