"""Stages whose clocks ran out long ago, as many as are wanted: copies of one request that was submitted as any other."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from approvals.models import Request, RequestLine, Round, Stage, StageMember, Timer
from approvals.services.policies import load_policy
from approvals.services.requests import withdraw_request
from core import clock
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.trust.scenarios import ground

# Side by side in one request, so that workers meet at its lock.
STAGES = 5
AT_ONCE = 2000


def lay(timers: int) -> None:
    """Make so many stages that wait, each with an escalation overdue and its backup known. Rounded up to whole requests."""
    with clock.at(MONDAY):
        laid = ground.lay()
        load_policy(document=ground.POLICY, entity=laid.entity, actor=laid.people["finance"])
        first = submitted(laid.people["project_manager"], laid.account, "10.00")
    pattern = stages_of(first)[0]
    clocks = list(pattern.timers.exclude(kind=Timer.Kind.RESUME))
    line = first.lines.get()
    count = -(-timers // STAGES)
    for begin in range(0, count, AT_ONCE // STAGES):
        numbers = range(begin, min(count, begin + AT_ONCE // STAGES))
        with transaction.atomic():
            _timers(clocks, _stages(pattern, _requests(first, line, numbers)))
    with clock.at(MONDAY):
        withdraw_request(request_id=first.pk, actor=laid.people["project_manager"])


def _requests(pattern: Request, line: RequestLine, numbers: Sequence[int]) -> list[Request]:
    made = Request.objects.bulk_create(
        Request(
            number=f"R6-{number:07d}",
            entity_id=pattern.entity_id,
            kind=pattern.kind,
            title=pattern.title,
            requester_id=pattern.requester_id,
            currency=pattern.currency,
            amount=pattern.amount,
            policy_version_id=pattern.policy_version_id,
            round=1,
            digest=pattern.digest,
            submitted_at=pattern.submitted_at,
        )
        for number in numbers
    )
    RequestLine.objects.bulk_create(
        RequestLine(request=each, number=1, description="Copy", account_id=line.account_id, month=line.month, net=line.net)
        for each in made
    )
    Request.objects.filter(pk__in=[each.pk for each in made]).update(state=Request.State.SUBMITTED)
    told = pattern.rounds.get()
    Round.objects.bulk_create(
        Round(
            request=each,
            number=1,
            digest=told.digest,
            content=told.content,
            policy_version_id=told.policy_version_id,
            trace=told.trace,
            submitted_at=told.submitted_at,
        )
        for each in made
    )
    return made


def _stages(pattern: Stage, requests: Sequence[Request]) -> list[Stage]:
    kept = ("group", "name", "role_code", "backup_role_code", "owner_id", "backup_id", "quorum", "needed", "sla")
    more = ("escalate_after", "warn_after", "assigned_at", "due_at")
    shared = {name: getattr(pattern, name) for name in (*kept, *more)}
    made = Stage.objects.bulk_create(
        Stage(request=request, round=1, number=number, **shared) for request in requests for number in range(1, STAGES + 1)
    )
    Stage.objects.filter(pk__in=[each.pk for each in made]).update(state=Stage.State.ASSIGNED)
    StageMember.objects.bulk_create(
        StageMember(stage=stage, person_id=pattern.owner_id, capacity=StageMember.Capacity.OWNER) for stage in made
    )
    return made


def _timers(clocks: Sequence[Timer], stages: Sequence[Stage]) -> None:
    """Give each an escalation of a second of its own, so that the timers of one request are claimed in different batches.

    The other clocks of a stage have rung.
    """
    Timer.objects.bulk_create(
        Timer(
            stage=stage,
            kind=pattern.kind,
            starts_at=pattern.starts_at,
            budget=pattern.budget,
            due_at=pattern.due_at + _of_its_own(pattern, stage),
            calendar_id=pattern.calendar_id,
            calendar_version=pattern.calendar_version,
            explanation=pattern.explanation,
        )
        for stage in stages
        for pattern in clocks
    )
    rung = Timer.objects.filter(stage__in=stages).exclude(kind=Timer.Kind.ESCALATE)
    rung.update(state=Timer.State.FIRED, fired_at=F("due_at"))
    Stage.objects.filter(pk__in=[stage.pk for stage in stages]).update(breached_at=F("due_at"))


def _of_its_own(pattern: Timer, stage: Stage) -> timedelta:
    return timedelta(seconds=stage.pk * 7919 % 100_000 if pattern.kind == Timer.Kind.ESCALATE else 0)
