"""A round's life: its stages laid out, put before people group by group, and ended. Callers hold the request's lock."""

from datetime import datetime

from django.db.models import QuerySet

from approvals.events import StageAssigned
from approvals.models import Request, RequestLine, Round, Stage, StageMember
from approvals.selectors.chains import PlannedStage, Prediction, Seats, scope_of, seat, spec_of
from approvals.services.absences import cover_request
from approvals.services.questions import end_questions
from approvals.services.timers import cancel_timers, start_timers
from core.services.outbox import publish


def begin_round(*, request: Request, prediction: Prediction, now: datetime) -> Round:
    """Write down what is asked and who will decide, and put the first stages before their owners."""
    begun = Round.objects.create(
        request=request,
        number=request.round,
        digest=request.digest,
        content=content_of(request),
        policy_version=prediction.policy_version,
        trace=request.trace,
        submitted_at=now,
    )
    stages = Stage.objects.bulk_create([_stage(request, planned) for planned in prediction.stages])
    for stage, planned in zip(stages, prediction.stages, strict=True):
        if stage.group == stages[0].group:
            _assign(request, stage, planned.seats, now)
    cover_request(request=request, now=now)
    return begun


def assign_group(*, request: Request, group: int, now: datetime) -> None:
    """Put the stages of a group before their owners, chosen anew among those who have not decided. Raises Missing."""
    waiting = list(open_stages(request).filter(state=Stage.State.WAITING))
    seats = seat([spec_of(stage) for stage in waiting], scope_of(request))
    for stage, people in zip(waiting, seats, strict=True):
        if stage.group == group:
            _assign(request, stage, people, now)


def end_round(*, request: Request, outcome: str, now: datetime) -> None:
    """Close the round: what still waits is skipped, no clock runs on."""
    for stage in open_stages(request).filter(state__in=[Stage.State.WAITING, Stage.State.ASSIGNED]):
        stage.skip()
        end_questions(stage=stage, now=now)
        stage.save(update_fields=["state", "paused_at"])
    cancel_timers(request=request)
    Round.objects.filter(request=request, number=request.round, outcome=Round.Outcome.OPEN).update(outcome=outcome, ended_at=now)


def next_group(request: Request) -> int | None:
    """Return the first group that still waits or decides; None when every stage is through."""
    rest = open_stages(request).filter(state__in=[Stage.State.WAITING, Stage.State.ASSIGNED])
    return rest.order_by("group").values_list("group", flat=True).first()


def open_stages(request: Request) -> QuerySet[Stage]:
    """Return the stages of the request's present round."""
    return Stage.objects.filter(request=request, round=request.round).order_by("number")


def content_of(request: Request) -> dict[str, object]:
    """Return what is asked, as it stands now, for the record."""
    lines = request.lines.select_related("account__budget", "account__cost_centre", "account__category").order_by("number")
    return {
        "title": request.title,
        "kind": request.kind,
        "vendor": request.vendor.name if request.vendor else "",
        "currency": request.currency,
        "amount": str(request.amount),
        "monthly_increase": str(request.monthly_increase) if request.monthly_increase is not None else "",
        "lines": [_line_content(line) for line in lines],
    }


def _line_content(line: RequestLine) -> dict[str, object]:
    account = line.account
    return {
        "number": line.number,
        "description": line.description,
        "account": line.account_id,
        "budget": account.budget.code,
        "cost_centre": account.cost_centre.code,
        "category": account.category.code,
        "month": line.month.isoformat(),
        "net": str(line.net),
        "vat": str(line.vat),
        "recoverable": str(line.recoverable),
    }


def _stage(request: Request, planned: PlannedStage) -> Stage:
    spec = planned.spec
    return Stage(
        request=request,
        round=request.round,
        number=spec.number,
        group=spec.group,
        name=spec.name,
        role_code=spec.role_code,
        backup_role_code=spec.backup_role_code,
        quorum=spec.quorum,
        needed=planned.seats.needed,
        owner=planned.owner,
        backup=planned.backup,
        sla=spec.sla,
        escalate_after=spec.escalate_after,
        warn_after=spec.warn_after,
        question_pause=spec.question_pause,
    )


def _assign(request: Request, stage: Stage, people: Seats, now: datetime) -> None:
    stage.owner, stage.backup, stage.needed = people.owner, people.backup, people.needed
    stage.assigned_at = now
    stage.due_at = start_timers(request=request, stage=stage, now=now)
    stage.assign()
    stage.save(update_fields=["owner", "backup", "needed", "assigned_at", "due_at", "state"])
    StageMember.objects.bulk_create(
        StageMember(
            stage=stage,
            person=person,
            capacity=StageMember.Capacity.OWNER if person.pk == people.owner.pk else StageMember.Capacity.MEMBER,
            added_at=now,
        )
        for person in people.members
    )
    publish(StageAssigned(stage_id=stage.pk, at=now.isoformat()))
