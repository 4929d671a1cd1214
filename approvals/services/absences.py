"""Stages whose people are away: somebody else is asked at once, so that none waits with nobody."""

import logging
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from approvals.events import BackupAsked, DelegationBegun
from approvals.locks import claim_begun_delegations, lock_request
from approvals.models import Decision, Delegation, Request, Stage, StageMember
from approvals.rules.delegation import shortage
from approvals.selectors.delegations import DECIDING_KINDS, counted, deputies_of
from approvals.selectors.owners import without_a_role
from approvals.selectors.seats import Scope, scope_of, seat_backup
from approvals.selectors.tallies import waits_for_chair
from core import clock
from core.models import RoleAssignment, User
from core.services import audit
from core.services.outbox import publish

logger = logging.getLogger(__name__)
BATCH = 100


def attend() -> int:
    """Tell delegates what has begun, and ask the backup wherever nobody is there. Return how many stages got somebody more.

    Safe to run anywhere, any time.
    """
    while _announce():
        pass
    return sum(_cover_one(request_id) for request_id in _requests_short_of_people())


def cover_request(*, request: Request, now: datetime, told_at: datetime | None = None) -> int:
    """Ask the backup of each open stage that too few of its people can answer; return how many were asked.

    They are told at `told_at`, if it is given. The caller holds the request's lock.
    """
    stages = list(Stage.objects.filter(request=request, round=request.round, state=Stage.State.ASSIGNED).order_by("number"))
    if not stages:
        return 0
    members = set(StageMember.objects.filter(stage__in=stages).values_list("person_id", flat=True))
    deputies = deputies_of(request.entity, now=now, people=members)
    deputies = replace(deputies, gone=without_a_role(request.entity, members))
    decided = counted(request.decisions.filter(round=request.round), round_number=request.round)
    if not deputies and not members & decided:
        return 0
    scope = replace(scope_of(request), deputies=deputies)
    return sum(_cover(stage, scope, now, told_at or now) for stage in stages)


@transaction.atomic
def _announce() -> int:
    now = clock.now()
    begun = claim_begun_delegations(now=now, limit=BATCH)
    for delegation in begun:
        delegation.announced_at = now
        delegation.save(update_fields=["announced_at"])
        publish(DelegationBegun(delegation_id=delegation.pk, at=now.isoformat()))
    return len(begun)


def _requests_short_of_people() -> list[int]:
    """Return the requests with an open stage of somebody who is away, has left, or holds no role there that decides."""
    now = clock.now()
    held = RoleAssignment.objects.filter(
        user=OuterRef("person"), entity=OuterRef("stage__request__entity"), role__kind__in=DECIDING_KINDS
    )
    away = Delegation.objects.filter(
        person=OuterRef("person"), entity=OuterRef("stage__request__entity"), starts_at__lte=now, ends_at__gt=now
    )
    lacking = Q(person__is_active=False) | Q(Exists(away)) | ~Q(Exists(held))
    members = StageMember.objects.filter(lacking, stage__state=Stage.State.ASSIGNED)
    return list(members.order_by("stage__request_id").values_list("stage__request_id", flat=True).distinct())


def _cover_one(request_id: int) -> int:
    try:
        with transaction.atomic():
            return cover_request(request=lock_request(request_id), now=clock.now())
    except Exception as error:  # one request may fail in any way; it holds up no other, and the next round comes to it again
        logger.exception("Request %s could not be covered.", request_id, exc_info=error)
    return 0


def _cover(stage: Stage, scope: Scope, now: datetime, told_at: datetime) -> int:
    """Add people to a stage until enough are there to answer, or nobody is left; return how many were added."""
    yes = stage.decisions.filter(voided_at__isnull=True, verdict=Decision.Verdict.APPROVE).count()
    # A committee whose quorum approves waits for its chair; where the chair is not there, one more vote ends it.
    needed = max(stage.needed - yes, 0) or int(not waits_for_chair(stage, scope))
    asked = 0
    while _short(stage, scope, needed):
        backup = seat_backup(stage, scope, newly=True)
        if backup is None or scope.asked(backup) is None:
            _say_that_nobody_is_there(stage, scope, now, told_at)
            break
        _add(stage, backup, scope, now, told_at)
        asked += 1
    return asked


def _short(stage: Stage, scope: Scope, needed: int) -> int:
    people = User.objects.filter(stage_memberships__stage=stage, stage_memberships__left_at__isnull=True)
    return shortage(needed=needed, candidates={person.pk: scope.asked(person) for person in people})


def _add(stage: Stage, backup: User, scope: Scope, now: datetime, told_at: datetime) -> None:
    StageMember.objects.create(stage=stage, person=backup, capacity=StageMember.Capacity.BACKUP, added_at=now)
    stage.backup, stage.covered_at, stage.covered_why = backup, now, _why(stage, scope)
    stage.save(update_fields=["backup", "covered_at", "covered_why"])
    _record(stage, backup, now, told_at)


def _say_that_nobody_is_there(stage: Stage, scope: Scope, now: datetime, told_at: datetime) -> None:
    """Say it once: until somebody comes back or is named, the stage waits with those who were asked."""
    if stage.covered_at is not None:
        return
    stage.covered_at, stage.covered_why = now, f"{_why(stage, scope)} Nobody else may decide."
    stage.save(update_fields=["covered_at", "covered_why"])
    _record(stage, None, now, told_at)


def _why(stage: Stage, scope: Scope) -> str:
    owner = stage.owner
    if not owner.is_active:
        return f"{owner.name[:150]} has left, and nobody who may decides in their place."
    if owner.pk in scope.deputies.gone:
        return f"{owner.name[:150]} holds no role any more that decides here."
    if scope.deputies.is_away(owner.pk, scope.matter):
        return f"{owner.name[:150]} is away, and nobody who may decides in their place."
    return f"Too few of those whom {stage.name[:150]} asks are there and have not decided yet."


def _record(stage: Stage, backup: User | None, now: datetime, told_at: datetime) -> None:
    audit.record(
        actor=None,
        verb="stage.covered",
        subject=stage,
        entity=stage.request.entity,
        after={"backup": backup.pk if backup else None, "why": stage.covered_why},
        at=now,
    )
    publish(BackupAsked(stage_id=stage.pk, at=now.isoformat(), backup_id=backup.pk if backup else None), not_before=told_at)
