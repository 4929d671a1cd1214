"""Spans of business time as policies write them, and the moments they end at. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from core.rules.worktime import (
    Calendar,
    add_business_days,
    add_working_time,
    end_of_business_day,
    next_working_moment,
    working_seconds_between,
)

DEFAULT_ESCALATION = "3 business days"
DEFAULT_QUESTION_PAUSE = "5 business days"
DEFAULT_UNDO_WINDOW = 60
LONGEST_UNDO_WINDOW = 24 * 60 * 60
_COUNTED = re.compile(r"(\d{1,4}) (business day|business hour|hour|week)s?")
_MOST_SHOWN = 6
WHOLE = Decimal(1)
PRECISELY = Decimal("1e-12")


class Unit(StrEnum):
    """What a span is counted in."""

    SAME_DAY = "same day"
    BUSINESS_DAYS = "business day"
    BUSINESS_HOURS = "business hour"
    HOURS = "hour"
    WEEKS = "week"
    UNTIL = "until"


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time. `halved` is half of the working time that the whole would take. `end` (UTC) is where one `until` ends."""

    unit: Unit
    count: int = 1
    halved: bool = False
    end: datetime | None = None

    def __str__(self) -> str:
        if self.end is not None:
            return f"{'half of ' if self.halved else ''}until {self.end.isoformat()}"
        whole = self.unit.value if self.unit is Unit.SAME_DAY else f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"
        return f"half of {whole}" if self.halved else whole


def parse_span(text: str) -> Span:
    """Read `same day`, `2 business days`, `4 business hours`, `24 hours`, `1 week`, or `half of` one of them.

    Hours without `business` run through nights and weekends; a week is as many business days as the calendar's week has.
    Raises ValueError.
    """
    words = " ".join(text.casefold().split())
    halved = words.startswith("half of ")
    whole = words.removeprefix("half of ")
    if whole == Unit.SAME_DAY:
        return Span(Unit.SAME_DAY, 1, halved)
    if whole.startswith("until "):
        return until(datetime.fromisoformat(whole.removeprefix("until ").upper()), halved=halved)
    counted = _COUNTED.fullmatch(whole)
    if counted is None or int(counted[1]) == 0:
        raise ValueError(
            f"“{text[:60]}” is no span of time. Write `same day`, `2 business days`, `4 business hours` or `1 week`."
        )
    return Span(Unit(counted[2]), int(counted[1]), halved)


def until(end: datetime, *, halved: bool = False) -> Span:
    """Return the span that ends at a moment, whenever it begins."""
    if end.tzinfo is None:
        raise ValueError("A moment has its zone.")
    return Span(Unit.UNTIL, 1, halved, end.astimezone(UTC))


def due_at(span: Span, calendar: Calendar, start: datetime) -> datetime:
    """Return the moment (UTC) at which `span` from `start` ends by `calendar`."""
    if span.halved:
        whole = due_at(replace(span, halved=False), calendar, start)
        return add_working_time(calendar, start, timedelta(seconds=working_seconds_between(calendar, start, whole) // 2))
    return span.end or _counted(span, calendar, start)


def _counted(span: Span, calendar: Calendar, start: datetime) -> datetime:
    match span.unit:
        case Unit.SAME_DAY:
            return end_of_business_day(calendar, start)
        case Unit.BUSINESS_DAYS:
            return add_business_days(calendar, start, span.count)
        case Unit.BUSINESS_HOURS:
            return add_working_time(calendar, start, timedelta(hours=span.count))
        case Unit.WEEKS:
            return add_business_days(calendar, start, span.count * len(calendar.weekdays))
        case _:
            return start + timedelta(hours=span.count)


def due_with_pauses(
    span: Span, calendar: Calendar, start: datetime, pauses: Iterable[tuple[datetime, datetime]], share: Decimal = WHOLE
) -> datetime:
    """Return when `span` from `start` ends (UTC) where the clock stands during `pauses`, each from a moment to a later one.

    What was left of the working time when a pause began is left when it ends. A pause that began after the end moves nothing.
    `share` is how much of the span is still to come, where part of it was counted by another calendar.
    """
    due = due_at(span, calendar, start)
    if share != WHOLE:
        left = round(working_seconds_between(calendar, start, due) * share)
        due = add_working_time(calendar, start, timedelta(seconds=left))
    for began, ended in sorted(pauses):
        if began < due:
            due = _later(span, calendar, due, stood(span, calendar, began, ended))
    return due


def counts_work(span: Span) -> bool:
    """Say whether a span is counted in working time, and so by somebody's calendar."""
    return span.halved or span.unit not in {Unit.HOURS, Unit.UNTIL}


def share_left(span: Span, calendar: Calendar, start: datetime, due: datetime, at: datetime) -> Decimal:
    """Return which share of a span that begins at `start` is still to come at a moment, where it ends at `due`."""
    whole = working_seconds_between(calendar, start, due_at(span, calendar, start))
    left = max(working_seconds_between(calendar, at, due), 0)
    return min(Decimal(left) / Decimal(whole), WHOLE).quantize(PRECISELY) if whole else WHOLE


def stood(span: Span, calendar: Calendar, began: datetime, ended: datetime) -> timedelta:
    """Return for how long a clock that counts as `span` does stood in a pause: working time, or all of it for plain hours."""
    if span.unit is Unit.HOURS and not span.halved:
        return ended - began
    return timedelta(seconds=working_seconds_between(calendar, began, ended))


def _later(span: Span, calendar: Calendar, due: datetime, delta: timedelta) -> datetime:
    if span.unit is Unit.HOURS and not span.halved:
        return due + delta
    # No working time passed: the end stays, also where it is a closing and not the opening after it.
    return add_working_time(calendar, due, delta) if delta else due


def escalation_span(sla: Span, after: Span, calendar: Calendar, start: datetime) -> Span:
    """Return when the backup joins: after the policy's span, or at breach where the SLA is shorter."""
    return sla if due_at(sla, calendar, start) < due_at(after, calendar, start) else after


def half_of(span: Span) -> Span:
    """Return half of a span; what is half already stays as it is."""
    return replace(span, halved=True)


def explain(span: Span, calendar: Calendar, start: datetime, by: str = "") -> str:
    """Say how the due time comes about, in the calendar's zone: where it begins, what is skipped, where it ends.

    `by` says whose calendar it is, where it is not the organization's: `by the calendar of Ada Lovelace`.
    """
    begin = start if span.unit is Unit.HOURS else next_working_moment(calendar, start)
    end = due_at(span, calendar, start)
    if span.unit is Unit.UNTIL and not span.halved:
        return f"The end of the day of the committee's next meeting: due {_said(calendar, end)} ({calendar.zone.key})."
    whole = "half of the time until the committee's next meeting" if span.unit is Unit.UNTIL else str(span)
    parts = [f"{whole} from {_said(calendar, begin)}"]
    if begin != start:
        parts.append(f"the next opening after {_said(calendar, start)}")
    if span.unit is not Unit.HOURS and (skipped := _skipped(calendar, begin, end)):
        parts.append(f"skipping {skipped}")
    return f"{', '.join(parts)}: due {_said(calendar, end)} ({_which(calendar, by)})."


def explain_turn(who: str, calendar: Calendar, at: datetime, share: Decimal, due: datetime, by: str) -> str:
    """Say how the due time comes about where somebody else's calendar counts on from a moment."""
    left = f"{(share * 100).quantize(Decimal(1))} % of the time left"
    return f"Put before {who} on {_said(calendar, at)} with {left}: due {_said(calendar, due)} ({_which(calendar, by)})."


def explain_pause(span: Span, calendar: Calendar, pause: tuple[datetime, datetime], due: datetime) -> str:
    """Say how a pause moved the due time, in the calendar's zone; `due` is where it is now."""
    minutes = int(stood(span, calendar, *pause).total_seconds()) // 60
    began, ended = (_said(calendar, moment) for moment in pause)
    kind = "hours" if span.unit is Unit.HOURS and not span.halved else "business hours"
    return f"Stood still from {began} to {ended}, {minutes // 60}:{minutes % 60:02d} {kind}: due {_said(calendar, due)}."


def _which(calendar: Calendar, by: str) -> str:
    return f"{by}{', ' if by else ''}{calendar.zone.key}, calendar version {calendar.version}"


def _said(calendar: Calendar, moment: datetime) -> str:
    local = moment.astimezone(calendar.zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def _skipped(calendar: Calendar, begin: datetime, end: datetime) -> str:
    first, last = (moment.astimezone(calendar.zone).date() for moment in (begin, end))
    days = [first + timedelta(days=offset) for offset in range((last - first).days)]
    off = [f"{day:%a} {day.day} {day:%b}" for day in days if not calendar.works_on(day)]
    more = f" and {len(off) - _MOST_SHOWN} more days" if len(off) > _MOST_SHOWN else ""
    return ", ".join(off[:_MOST_SHOWN]) + more
