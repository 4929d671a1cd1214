"""A round's life: its stages laid out, put before people group by group, and ended. Callers hold the request's lock."""

from datetime import datetime

from django.db.models import QuerySet

from approvals.events import StageAssigned
from approvals.models import Request, Round, Stage, StageMember
from approvals.rules.promises import Promise
from approvals.selectors.carrying import Carrying, what_stands
from approvals.selectors.chains import PlannedStage, Prediction, steps_of
from approvals.selectors.clocks import owner_first
from approvals.selectors.contents import content_of
from approvals.selectors.promises import promised
from approvals.selectors.seats import Seats, scope_of, seat, spec_of
from approvals.services.absences import cover_request
from approvals.services.carrying import let_stand
from approvals.services.questions import end_questions
from approvals.services.timers import cancel_timers, run_again, start_timers
from core.services.outbox import publish


def begin_round(*, request: Request, prediction: Prediction, now: datetime) -> Round:
    """Write down what is asked and who will decide, and put the first stages before their owners.

    Where the policy says so, what was approved in the round before and covers this stands, and is not asked again.
    """
    begun = Round(
        request=request,
        number=request.round,
        digest=request.digest,
        content=content_of(request),
        policy_version=prediction.policy_version,
        rule_position=prediction.rule.position,
        trace=request.trace,
        risk_score=request.risk_score,
        risk_reasons=request.risk_reasons,
        submitted_at=now,
    )
    carrying = what_stands(request, begun, prediction)
    promise = _promise(request, prediction, carrying, now)
    if promise is not None:
        begun.promised_at = promise.at
        begun.promised_by = Round.Promised.PAST if promise.by_past else Round.Promised.TIMES
    begun.save(force_insert=True)
    stages = Stage.objects.bulk_create([_stage(request, planned, carrying) for planned in prediction.stages])
    for stage in stages:
        if stage.number in carrying.standing:
            let_stand(request=request, stage=stage, standing=carrying.standing[stage.number])
    first = next((stage.group for stage in stages if stage.number not in carrying.standing), None)
    for stage, planned in zip(stages, prediction.stages, strict=True):
        if stage.group == first and stage.number not in carrying.standing:
            _assign(request, stage, carrying.seats.get(stage.number, planned.seats), now, now)
    cover_request(request=request, now=now)
    return begun


def _promise(request: Request, prediction: Prediction, carrying: Carrying, now: datetime) -> Promise | None:
    """Return what was promised before submitting; where something stands, what the rest comes to."""
    if not carrying.standing:
        return prediction.promise
    rest = [stage for stage in prediction.stages if stage.spec.number not in carrying.standing]
    return promised(request.entity, steps_of(rest), begun=now)


def assign_group(*, request: Request, group: int, now: datetime, told_at: datetime) -> None:
    """Put the stages of a group before their owners, chosen anew among those who have not decided; tell them at `told_at`.

    Raises Missing.
    """
    waiting = list(open_stages(request).filter(state=Stage.State.WAITING))
    seats = seat([spec_of(stage) for stage in waiting], scope_of(request))
    for stage, people in zip(waiting, seats, strict=True):
        if stage.group == group:
            _assign(request, stage, people, now, told_at)


def end_round(*, request: Request, outcome: str, now: datetime) -> None:
    """Close the round: what still waits is skipped, no clock runs on."""
    for stage in open_stages(request).filter(state__in=[Stage.State.WAITING, Stage.State.ASSIGNED]):
        stage.skip()
        end_questions(stage=stage, now=now)
        stage.save(update_fields=["state", "paused_at"])
    cancel_timers(request=request)
    Round.objects.filter(request=request, number=request.round, outcome=Round.Outcome.OPEN).update(outcome=outcome, ended_at=now)


def reopen_round(*, request: Request, stage: Stage) -> None:
    """Let a stage wait for a decision again, and all that its decision skipped or opened stand as before it.

    The caller has voided the decision, and holds the request's lock.
    """
    for each in open_stages(request).exclude(pk=stage.pk):
        if each.state == Stage.State.SKIPPED and each.assigned_at is None:
            each.recall()
            each.save(update_fields=["state"])
        elif each.state == Stage.State.SKIPPED:
            _reopen(request, each)
        elif each.state == Stage.State.ASSIGNED and each.group > stage.group:
            _recall(request, each)
    if stage.state != Stage.State.ASSIGNED:
        _reopen(request, stage)
    ended = Round.objects.filter(request=request, number=request.round).exclude(outcome=Round.Outcome.OPEN)
    ended.update(outcome=Round.Outcome.OPEN, ended_at=None)


def next_group(request: Request) -> int | None:
    """Return the first group that still waits or decides; None when every stage is through."""
    rest = open_stages(request).filter(state__in=[Stage.State.WAITING, Stage.State.ASSIGNED])
    return rest.order_by("group").values_list("group", flat=True).first()


def open_stages(request: Request) -> QuerySet[Stage]:
    """Return the stages of the request's present round."""
    return Stage.objects.filter(request=request, round=request.round).order_by("number")


def _stage(request: Request, planned: PlannedStage, carrying: Carrying) -> Stage:
    spec = planned.spec
    standing = carrying.standing.get(spec.number)
    seats = carrying.seats.get(spec.number, planned.seats)
    before = standing.stage if standing else None
    return Stage(
        request=request,
        round=request.round,
        number=spec.number,
        group=spec.group,
        name=spec.name,
        role_code=spec.role_code,
        backup_role_code=spec.backup_role_code,
        quorum=spec.quorum,
        needed=before.needed if before else seats.needed,
        owner_id=before.owner_id if before else seats.owner.pk,
        backup_id=before.backup_id if before else seats.backup.pk if seats.backup else None,
        stands_from=before,
        committee_version_id=before.committee_version_id if before else None,
        chair_id=before.chair_id if before else None,
        sla=spec.sla,
        escalate_after=spec.escalate_after,
        warn_after=spec.warn_after,
        question_pause=spec.question_pause,
        undo_window=spec.undo_window,
        by_meeting=spec.by_meeting,
        by_limit=spec.by_limit,
    )


def _reopen(request: Request, stage: Stage) -> None:
    stage.reopen()
    stage.decided_at = None
    stage.due_at = run_again(request=request, stage=stage)
    stage.save(update_fields=["state", "decided_at", "due_at"])


def _recall(request: Request, stage: Stage) -> None:
    """Take a stage from those whom it was put before: it is not its turn yet."""
    cancel_timers(request=request, stage=stage)
    StageMember.objects.filter(stage=stage).update(left_at=request.updated_at)
    stage.recall()
    stage.assigned_at = stage.due_at = stage.escalated_at = stage.covered_at = stage.breached_at = None
    stage.covered_why = ""
    stage.save(update_fields=["state", "assigned_at", "due_at", "escalated_at", "covered_at", "covered_why", "breached_at"])


def _assign(request: Request, stage: Stage, people: Seats, now: datetime, told_at: datetime) -> None:
    stage.owner, stage.backup, stage.needed = people.owner, people.backup, people.needed
    stage.committee_version, stage.chair = people.committee, people.chair
    stage.assigned_at = now
    stage.due_at = start_timers(request=request, stage=stage, people=owner_first(people), now=now)
    stage.assign()
    said = ["owner", "backup", "needed", "committee_version", "chair", "assigned_at", "due_at", "state"]
    stage.save(update_fields=said)
    StageMember.objects.bulk_create(
        StageMember(
            stage=stage,
            person=person,
            capacity=StageMember.Capacity.OWNER if person.pk == people.owner.pk else StageMember.Capacity.MEMBER,
            added_at=now,
        )
        for person in people.members
    )
    publish(StageAssigned(stage_id=stage.pk, at=now.isoformat()), not_before=told_at)
