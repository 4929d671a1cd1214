"""A stage's clock when other people come to own it: from then on their calendar counts, and what was counted stays counted.

The callers hold the request's lock, and have changed who is asked.
"""

from datetime import UTC, datetime

from approvals.models import Request, Stage, StageMember, Timer
from approvals.rules import sla
from approvals.selectors.clocks import Clock, clocks_of
from core.models import User
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar
from core.services import audit

RUNNING = (Timer.State.PENDING, Timer.State.PAUSED)


def turn_clocks(*, request: Request, stage: Stage, came: User, now: datetime) -> None:
    """Let running clocks go on by the calendar of those who own the stage now, where that is another. The caller saves the stage.

    What is due already is due, and what is counted in plain hours is nobody's calendar's.
    """
    timers = [timer for timer in _running(stage, now) if sla.counts_work(sla.parse_span(timer.budget))]
    if not timers:
        return
    last = max(timers, key=lambda timer: (timer.kind == Timer.Kind.BREACH, timer.due_at))
    clock = clocks_of(request.entity, people := _asked(stage)).of_stage(
        people,
        needed=stage.needed,
        span=sla.parse_span(last.budget),
        start=now,
        by_committee=stage.committee_version_id is not None,
    )
    if clock.calendar.pk == last.calendar_id:
        return
    before, after = load_calendar(last.calendar, around=last.since), load_calendar(clock.calendar, around=now)
    for timer in timers:
        _turn(timer, stage, before, after, clock, came, now)


def _running(stage: Stage, now: datetime) -> list[Timer]:
    rows = stage.timers.filter(state__in=RUNNING, due_at__gt=now).exclude(kind=Timer.Kind.RESUME)
    return list(rows.select_related("calendar").order_by("id"))


def _asked(stage: Stage) -> list[User]:
    """Return those whom the stage asks, its owner first; a backup who joined is asked besides, and owns nothing."""
    rows = StageMember.objects.filter(stage=stage, left_at__isnull=True).exclude(capacity=StageMember.Capacity.BACKUP)
    people = [row.person for row in rows.select_related("person").order_by("id")]
    return sorted(people, key=lambda person: person.pk != stage.owner_id)


def _turn(timer: Timer, stage: Stage, before: Calendar, after: Calendar, clock: Clock, came: User, now: datetime) -> None:
    span, was = sla.parse_span(timer.budget), timer.due_at
    # A clock that stands still has counted up to where it stopped.
    stopped = stage.paused_at if timer.state == Timer.State.PAUSED and stage.paused_at is not None else now
    timer.share = sla.share_left(span, before, timer.since, was, max(stopped, timer.since))
    timer.runs_from, timer.calendar, timer.whose, timer.calendar_version = now, clock.calendar, clock.whose, after.version
    timer.due_at = sla.due_with_pauses(span, after, now, [], timer.share)
    said = sla.explain_turn(came.name, after, now, timer.share, timer.due_at, clock.words)
    timer.explanation = f"{timer.explanation}\n{said}"
    timer.save(update_fields=["share", "runs_from", "calendar", "whose", "calendar_version", "due_at", "explanation"])
    audit.record(
        actor=None,
        verb="timer.moved",
        subject=stage,
        entity=stage.request.entity,
        before={"kind": timer.kind, "due_at": was.astimezone(UTC).isoformat()},
        after={"kind": timer.kind, "due_at": timer.due_at.isoformat(), "why": said},
        at=now,
    )
    if timer.kind == Timer.Kind.BREACH:
        stage.due_at = timer.due_at
