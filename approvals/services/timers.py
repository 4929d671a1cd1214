"""Clocks on stages. Timers are rows; firing reckons anew by the calendar of the day, and the deadline is the event's time."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import F

from approvals.events import StageBreached, StageEscalated, StageWarned
from approvals.locks import claim_due_timers, claim_outdated_timers, held_timer
from approvals.models import Request, Stage, StageMember, Timer
from approvals.rules import sla
from approvals.selectors.backups import backups_of
from approvals.selectors.chains import span_of
from approvals.selectors.clocks import clocks_of
from approvals.services.pauses import ended_pauses
from approvals.services.questions import lapse_question
from core import clock
from core.database.constraints import look_now
from core.events import Event
from core.models import User
from core.rules.retrying import wait_after
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar
from core.services import audit
from core.services.outbox import publish_all

logger = logging.getLogger(__name__)
BATCH = 500
ESCALATED = """
    UPDATE approvals_stage s SET escalated_at = due.at, backup_id = due.backup_id
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS due (stage_id, at, backup_id) WHERE s.id = due.stage_id
"""
BREACHED = """
    UPDATE approvals_stage s SET breached_at = due.at
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS due (stage_id, at) WHERE s.id = due.stage_id
"""
# What each timer that had its effect announces, by the timer's id.
Told = dict[int, Event]


def start_timers(*, request: Request, stage: Stage, people: Sequence[User], now: datetime) -> datetime:
    """Start a stage's reminder, escalation and deadline at `now`, by its owner's calendar; return when it is due (UTC).

    `people` are those whom it asks, its owner first.
    """
    deadline = span_of(stage, stage.committee_version, now)
    by_committee = stage.committee_version_id is not None
    clocks = clocks_of(request.entity, people)
    clock = clocks.of_stage(people, needed=stage.needed, span=deadline, start=now, by_committee=by_committee)
    calendar = load_calendar(clock.calendar, around=now)
    # What a committee decides by its next meeting is not passed on before.
    by_meeting = deadline.unit is sla.Unit.UNTIL
    after = deadline if by_meeting else sla.parse_span(stage.escalate_after)
    escalation = sla.escalation_span(deadline, after, calendar, now)
    warning = sla.parse_span(stage.warn_after) if stage.warn_after else sla.half_of(escalation)
    spans = {Timer.Kind.WARN: warning, Timer.Kind.ESCALATE: escalation, Timer.Kind.BREACH: deadline}
    Timer.objects.bulk_create(
        Timer(
            stage=stage,
            kind=kind,
            starts_at=now,
            budget=str(span),
            due_at=sla.due_at(span, calendar, now),
            calendar=clock.calendar,
            calendar_version=calendar.version,
            whose=clock.whose,
            explanation=sla.explain(span, calendar, now, clock.words),
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


def run_again(*, request: Request, stage: Stage) -> datetime:
    """Let a stage's clocks run on as if it had not been decided; return when it is due (UTC). What fell due meanwhile is due.

    A question that the decision ended stopped them until then.
    """
    mine = Timer.objects.filter(stage=stage, starts_at=F("stage__assigned_at")).exclude(kind=Timer.Kind.RESUME).order_by("id")
    mine = mine.select_related("calendar")
    # Where the stage was before somebody twice, only the later clocks are its own.
    for timer in {each.kind: each for each in mine.filter(state=Timer.State.CANCELLED)}.values():
        calendar = load_calendar(timer.calendar, around=timer.since)
        span, pauses = sla.parse_span(timer.budget), ended_pauses(timer)
        if pauses and (due := sla.due_with_pauses(span, calendar, timer.since, pauses, timer.share)) != timer.due_at:
            timer.due_at, timer.calendar_version = due, calendar.version
            timer.explanation = f"{timer.explanation}\n{sla.explain_pause(span, calendar, pauses[-1], due)}"
        timer.run_again()
        timer.save(update_fields=["due_at", "calendar_version", "explanation", "state"])
    return mine.exclude(state=Timer.State.CANCELLED).get(kind=Timer.Kind.BREACH).due_at


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
    try:
        with transaction.atomic():
            return len(timers), _fire(timers, now)
    except Exception as error:  # one of them may fail in any way: then each is fired by itself
        logger.exception("A batch of %s timers failed; each is fired by itself.", len(timers), exc_info=error)
    return len(timers), sum(_fire_safely(timer.pk, now) for timer in timers)


def _fire_safely(timer_id: int, now: datetime) -> int:
    """Fire one timer, which the caller holds; where it fails, it is pushed forward and holds up no other."""
    timer = held_timer(timer_id)
    try:
        with transaction.atomic():
            return _fire([timer], now)
    except Exception as error:  # as above
        logger.exception("Timer %s failed.", timer_id, exc_info=error)
    wait = wait_after(timer.attempts + 4)
    Timer.objects.filter(pk=timer_id).update(attempts=timer.attempts + 1, not_before=now + wait)
    return 0


def _fire(timers: Sequence[Timer], now: datetime) -> int:
    """Let each timer have its effect, all in a few statements; return how many had one."""
    over = [timer.pk for timer in timers if timer.stage.state != Stage.State.ASSIGNED]
    if over:
        Timer.objects.filter(pk__in=over).update(state=Timer.State.CANCELLED)
    due = [timer for timer in timers if timer.stage.state == Stage.State.ASSIGNED and _reckon(timer, now) <= now]
    Timer.objects.filter(pk__in=[timer.pk for timer in due]).update(state=Timer.State.FIRED, fired_at=now)
    told: dict[int, Event] = {}
    for kind, have_effect in EFFECTS.items():
        of_kind = [timer for timer in due if timer.kind == kind]
        if of_kind:
            told |= have_effect(of_kind, now)
    publish_all(told[timer.pk] for timer in due if timer.pk in told)
    # Now, and not at the end, where what a wall refuses would take the whole batch along.
    look_now()
    return len(due)


def _reckon(timer: Timer, now: datetime) -> datetime:
    """Return the timer's due time under its calendar as it is now; where that moved, keep the new time and why."""
    if timer.calendar.version == timer.calendar_version:
        return timer.due_at
    calendar = load_calendar(timer.calendar, around=timer.since)
    span = sla.parse_span(timer.budget)
    due = sla.due_with_pauses(span, calendar, timer.since, ended_pauses(timer), timer.share)
    if due != timer.due_at:
        moved = f"{_why_moved(timer, due, calendar)} {_reckoned_words(timer, span, calendar, due)}"
        timer.explanation = f"{timer.explanation}\n{moved}"
        _tell_stage(timer, due, now)
    timer.due_at, timer.calendar_version = due, calendar.version
    timer.save(update_fields=["due_at", "calendar_version", "explanation"])
    return due


def _reckoned_words(timer: Timer, span: sla.Span, calendar: Calendar, due: datetime) -> str:
    by = f"by the calendar of {timer.whose.name}" if timer.whose is not None else ""
    if timer.runs_from is None:
        return sla.explain(span, calendar, timer.starts_at, by)
    return sla.explain_turn(timer.stage.owner.name, calendar, timer.runs_from, timer.share, due, by)


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


def _warn(timers: Sequence[Timer], now: datetime) -> Told:
    return {timer.pk: StageWarned(stage_id=timer.stage_id, at=_moment(timer)) for timer in timers}


def _escalate(timers: Sequence[Timer], now: datetime) -> Told:
    """Add the backups; the owners stay. The deadline is when it happened, whenever the sweep came by."""
    backups = backups_of([timer.stage for timer in timers], now=now)
    StageMember.objects.bulk_create(
        [
            StageMember(stage_id=timer.stage_id, person_id=backup.pk, capacity=StageMember.Capacity.BACKUP, added_at=timer.due_at)
            for timer, backup in zip(timers, backups, strict=True)
            if backup is not None
        ],
        # Whoever decides on a stage already goes on doing so.
        ignore_conflicts=True,
    )
    for timer, backup in zip(timers, backups, strict=True):
        timer.stage.backup = backup
    _stamp(ESCALATED, timers, [timer.stage.backup_id for timer in timers])
    audit.record_all([_escalated(timer) for timer in timers], actor=None, at=now)
    return {
        timer.pk: StageEscalated(stage_id=timer.stage_id, at=_moment(timer), backup_id=timer.stage.backup_id) for timer in timers
    }


def _escalated(timer: Timer) -> audit.Told:
    stage = timer.stage
    after = {"backup": stage.backup_id, "deadline": _moment(timer)}
    return audit.Told("stage.escalated", stage, stage.request.entity, after=after)


def _breach(timers: Sequence[Timer], now: datetime) -> Told:
    _stamp(BREACHED, timers)
    return {timer.pk: StageBreached(stage_id=timer.stage_id, at=_moment(timer)) for timer in timers}


def _resume(timers: Sequence[Timer], now: datetime) -> Told:
    """Let clocks run again: a question has waited for its answer as long as the policy lets it stop the clock."""
    for timer in timers:
        question = timer.question
        if question is not None and question.state == question.State.OPEN:
            lapse_question(question=question, stage=timer.stage, deadline=timer.due_at, now=now)
    return {}


def _stamp(statement: str, timers: Sequence[Timer], *more: Sequence[int | None]) -> None:
    """Write on each stage when its timer was due, all in one statement. Of one kind a stage has one.

    A subquery for each stage took most of a sweep's time.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [[timer.stage_id for timer in timers], [timer.due_at for timer in timers], *map(list, more)])


def _moment(timer: Timer) -> str:
    return timer.due_at.astimezone(UTC).isoformat()


EFFECTS: dict[str, Callable[[Sequence[Timer], datetime], Told]] = {
    Timer.Kind.WARN: _warn,
    Timer.Kind.ESCALATE: _escalate,
    Timer.Kind.BREACH: _breach,
    Timer.Kind.RESUME: _resume,
}
