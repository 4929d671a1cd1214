"""Clocks on stages. Timers are rows; firing reckons anew by the calendar of the day, and the deadline is the event's time."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from approvals.events import StageBreached, StageEscalated, StageWarned
from approvals.locks import claim_due_timers, claim_outdated_timers
from approvals.models import Request, Stage, StageMember, Timer
from approvals.rules import sla
from approvals.selectors.chains import seat_backup
from approvals.services.pauses import ended_pauses
from approvals.services.questions import lapse_question
from core import clock
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar
from core.services import audit
from core.services.outbox import publish

logger = logging.getLogger(__name__)
BATCH = 100
LONGEST_WAIT = timedelta(hours=1)


def start_timers(*, request: Request, stage: Stage, now: datetime) -> datetime:
    """Start a stage's reminder, escalation and deadline at `now`; return when it is due (UTC)."""
    work_calendar = request.entity.calendar
    calendar = load_calendar(work_calendar, around=now)
    deadline = sla.parse_span(stage.sla)
    escalation = sla.escalation_span(deadline, sla.parse_span(stage.escalate_after), calendar, now)
    warning = sla.parse_span(stage.warn_after) if stage.warn_after else sla.half_of(escalation)
    spans = {Timer.Kind.WARN: warning, Timer.Kind.ESCALATE: escalation, Timer.Kind.BREACH: deadline}
    Timer.objects.bulk_create(
        Timer(
            stage=stage,
            kind=kind,
            starts_at=now,
            budget=str(span),
            due_at=sla.due_at(span, calendar, now),
            calendar=work_calendar,
            calendar_version=calendar.version,
            explanation=sla.explain(span, calendar, now),
            created_at=now,
        )
        for kind, span in spans.items()
    )
    return sla.due_at(deadline, calendar, now)


def cancel_timers(*, request: Request, stage: Stage | None = None) -> None:
    """Stop the clocks of a stage, or of the whole request. The caller holds the request's lock."""
    timers = Timer.objects.filter(stage__request=request, state__in=[Timer.State.PENDING, Timer.State.PAUSED])
    if stage is not None:
        timers = timers.filter(stage=stage)
    # One statement for however many there are; the trigger holds it to the declared step.
    timers.update(state=Timer.State.CANCELLED)


def fire_due(*, limit: int | None = None) -> int:
    """Fire every timer that is due, in batches, and return how many had their effect. Safe to run anywhere, any time."""
    _in_batches(_reckon_outdated)
    fired = 0
    while limit is None or fired < limit:
        room = BATCH if limit is None else min(BATCH, limit - fired)
        claimed, effects = _fire_batch(room)
        fired += effects
        if not claimed:
            break
    return fired


def _in_batches(work: Callable[[], int]) -> None:
    while work():
        pass


@transaction.atomic
def _reckon_outdated() -> int:
    """Move running timers to where a changed calendar puts them; return how many."""
    timers = claim_outdated_timers(limit=BATCH)
    for timer in timers:
        _reckon(timer, clock.now())
    return len(timers)


@transaction.atomic
def _fire_batch(limit: int) -> tuple[int, int]:
    """Claim and fire one batch; return how many were claimed, and how many had an effect."""
    now = clock.now()
    timers = claim_due_timers(now=now, limit=limit)
    return len(timers), sum(_fire_safely(timer, now) for timer in timers)


def _fire_safely(timer: Timer, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return _fire(timer, now)
    except Exception as error:  # one timer may fail in any way; it is pushed forward and holds up no other
        logger.exception("Timer %s failed.", timer.pk, exc_info=error)
    wait = min(timedelta(seconds=2 ** min(timer.attempts + 4, 12)), LONGEST_WAIT)
    Timer.objects.filter(pk=timer.pk).update(attempts=timer.attempts + 1, not_before=now + wait)
    return False


def _fire(timer: Timer, now: datetime) -> bool:
    stage = timer.stage
    if stage.state != Stage.State.ASSIGNED:
        timer.cancel()
        timer.save(update_fields=["state"])
        return False
    if _reckon(timer, now) > now:
        return False
    timer.fire()
    timer.fired_at = now
    timer.save(update_fields=["state", "fired_at"])
    EFFECTS[timer.kind](timer, stage)
    return True


def _reckon(timer: Timer, now: datetime) -> datetime:
    """Return the timer's due time under its calendar as it is now; where that moved, keep the new time and why."""
    calendar = load_calendar(timer.calendar, around=timer.starts_at)
    if calendar.version == timer.calendar_version:
        return timer.due_at
    span = sla.parse_span(timer.budget)
    due = sla.due_with_pauses(span, calendar, timer.starts_at, ended_pauses(timer))
    if due != timer.due_at:
        moved = f"{_why_moved(timer, due, calendar)} {sla.explain(span, calendar, timer.starts_at)}"
        timer.explanation = f"{timer.explanation}\n{moved}"
        _tell_stage(timer, due, now)
    timer.due_at, timer.calendar_version = due, calendar.version
    timer.save(update_fields=["due_at", "calendar_version", "explanation"])
    return due


def _why_moved(timer: Timer, due: datetime, calendar: Calendar) -> str:
    """Name the days that were added to the calendar meanwhile, and where the due time went."""
    later = max(timer.due_at, due).astimezone(calendar.zone).date()
    days = timer.calendar.days.filter(recorded_at__gte=timer.created_at, day__lte=later, day__gte=timer.starts_at.date())
    named = ", ".join(f"{day.name} on {day.day:%a %d %b %Y}" for day in days) or "its hours or holidays"
    return f"Moved {'later' if due > timer.due_at else 'earlier'}: the calendar changed (version {calendar.version}: {named})."


def _tell_stage(timer: Timer, due: datetime, now: datetime) -> None:
    stage = timer.stage
    audit.record(
        actor=None,
        verb="timer.moved",
        subject=stage,
        entity=stage.request.entity,
        before={"kind": timer.kind, "due_at": timer.due_at.astimezone(UTC).isoformat()},
        after={"kind": timer.kind, "due_at": due.isoformat(), "why": timer.explanation.rsplit("\n", 1)[-1]},
        at=now,
    )
    if timer.kind == Timer.Kind.BREACH:
        stage.due_at = due
        stage.save(update_fields=["due_at"])


def _warn(timer: Timer, stage: Stage) -> None:
    publish(StageWarned(stage_id=stage.pk, at=_moment(timer)))


def _escalate(timer: Timer, stage: Stage) -> None:
    """Add the backup; the owner stays. The deadline is when it happened, whenever the sweep came by."""
    backup = seat_backup(stage)
    if backup is not None:
        StageMember.objects.get_or_create(
            stage=stage, person=backup, defaults={"capacity": StageMember.Capacity.BACKUP, "added_at": timer.due_at}
        )
    stage.backup, stage.escalated_at = backup, timer.due_at
    stage.save(update_fields=["backup", "escalated_at"])
    audit.record(
        actor=None,
        verb="stage.escalated",
        subject=stage,
        entity=stage.request.entity,
        after={"backup": backup.pk if backup else None, "deadline": _moment(timer)},
    )
    publish(StageEscalated(stage_id=stage.pk, at=_moment(timer), backup_id=backup.pk if backup else None))


def _breach(timer: Timer, stage: Stage) -> None:
    stage.breached_at = timer.due_at
    stage.save(update_fields=["breached_at"])
    publish(StageBreached(stage_id=stage.pk, at=_moment(timer)))


def _resume(timer: Timer, stage: Stage) -> None:
    """Let the clock run again: a question has waited for its answer as long as the policy lets it stop the clock."""
    question = timer.question
    if question is not None and question.state == question.State.OPEN:
        lapse_question(question=question, stage=stage, deadline=timer.due_at, now=clock.now())


def _moment(timer: Timer) -> str:
    return timer.due_at.astimezone(UTC).isoformat()


EFFECTS: dict[str, Callable[[Timer, Stage], None]] = {
    Timer.Kind.WARN: _warn,
    Timer.Kind.ESCALATE: _escalate,
    Timer.Kind.BREACH: _breach,
    Timer.Kind.RESUME: _resume,
}
