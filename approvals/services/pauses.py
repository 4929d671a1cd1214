"""Clocks that stand still: stopped by a question, gone on with what was left. Callers hold the request's lock."""

from datetime import UTC, datetime

from django.db.models import Value
from django.db.models.functions import Greatest

from approvals.models import Pause, Question, Stage, Timer
from approvals.rules import sla
from core.selectors.calendars import load_calendar
from core.services import audit

Times = list[tuple[datetime, datetime]]


def stop_clock(*, question: Question, stage: Stage, now: datetime) -> None:
    """Stop a stage's clock for a question, for as long as the stage's policy says at most."""
    work_calendar = stage.request.entity.calendar
    calendar = load_calendar(work_calendar, around=now)
    span = sla.parse_span(stage.question_pause)
    Timer.objects.create(
        stage=stage,
        kind=Timer.Kind.RESUME,
        question=question,
        starts_at=now,
        budget=str(span),
        due_at=sla.due_at(span, calendar, now),
        calendar=work_calendar,
        calendar_version=calendar.version,
        explanation=sla.explain(span, calendar, now),
        created_at=now,
    )
    if stage.paused_at is None:
        # What was due before is due: only the sweep has not come by yet.
        running = stage.timers.exclude(kind=Timer.Kind.RESUME).filter(state=Timer.State.PENDING, due_at__gt=now)
        running.update(state=Timer.State.PAUSED)
        Pause.objects.create(stage=stage, began_at=now)
        stage.paused_at = now
        stage.save(update_fields=["paused_at"])


def let_go_on(*, stage: Stage, now: datetime) -> None:
    """Let a stage's clock go on with the time that was left, unless another question still stops it."""
    if stage.paused_at is None or stage.questions.filter(pauses=True, state=Question.State.OPEN).exists():
        return
    end_pause(stage=stage, now=now)
    stage.save(update_fields=["paused_at"])
    for timer in stage.timers.filter(state=Timer.State.PAUSED).select_related("calendar"):
        _go_on(stage, timer, now)


def end_pause(*, stage: Stage, now: datetime) -> None:
    """End the pause of a stage that goes on or is over; the caller saves the stage.

    Where the clock was set back meanwhile, it lasted no time.
    """
    stage.pauses.filter(ended_at__isnull=True).update(ended_at=Greatest("began_at", Value(now)))
    stage.paused_at = None


def ended_pauses(timer: Timer) -> Times:
    """Return the times in which a timer's stage stood still. How long a question may take, it takes standing still or not."""
    if timer.kind == Timer.Kind.RESUME:
        return []
    pauses = timer.stage.pauses.values_list("began_at", "ended_at")
    # What lies before its calendar began to count is counted already.
    return [(max(began, timer.since), ended) for began, ended in pauses if ended is not None and ended >= timer.since]


def _go_on(stage: Stage, timer: Timer, now: datetime) -> None:
    calendar = load_calendar(timer.calendar, around=timer.since)
    span, pauses = sla.parse_span(timer.budget), ended_pauses(timer)
    before, timer.due_at = timer.due_at, sla.due_with_pauses(span, calendar, timer.since, pauses, timer.share)
    said = sla.explain_pause(span, calendar, pauses[-1], timer.due_at)
    timer.explanation, timer.calendar_version = f"{timer.explanation}\n{said}", calendar.version
    timer.resume()
    timer.save(update_fields=["due_at", "explanation", "calendar_version", "state"])
    if timer.kind == Timer.Kind.BREACH:
        stage.due_at = timer.due_at
        stage.save(update_fields=["due_at"])
        moments = {"before": {"due_at": before.astimezone(UTC).isoformat()}, "after": {"due_at": stage.due_at.isoformat()}}
        audit.record(
            actor=None,
            verb="timer.resumed",
            subject=stage,
            entity=stage.request.entity,
            before=moments["before"],
            after={**moments["after"], "why": said},
            at=now,
        )
