"""Stages whose people are away: somebody else is asked at once, so that none waits with nobody."""

import logging
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from approvals.events import BackupAsked, DelegationBegun
from approvals.locks import claim_begun_delegations, lock_request
from approvals.models import Delegation, Request, Stage, StageMember
from approvals.rules.delegation import shortage
from approvals.selectors.chains import Scope, scope_of, seat_backup
from approvals.selectors.delegations import counted, deputies_of
from core import clock
from core.models import User
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


def cover_request(*, request: Request, now: datetime) -> int:
    """Ask the backup of each open stage that too few of its people can answer; return how many were asked.

    The caller holds the request's lock.
    """
    stages = list(Stage.objects.filter(request=request, round=request.round, state=Stage.State.ASSIGNED).order_by("number"))
    if not stages:
        return 0
    members = set(StageMember.objects.filter(stage__in=stages).values_list("person_id", flat=True))
    deputies = deputies_of(request.entity, now=now, people=members)
    decided = counted(request.decisions.filter(round=request.round), round_number=request.round)
    if not deputies and not members & decided:
        return 0
    scope = replace(scope_of(request), deputies=deputies)
    return sum(_cover(stage, scope, now) for stage in stages)


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
    """Return the requests with an open stage of somebody who is away or has left."""
    now = clock.now()
    away = Delegation.objects.filter(
        person=OuterRef("person"), entity=OuterRef("stage__request__entity"), starts_at__lte=now, ends_at__gt=now
    )
    members = StageMember.objects.filter(Q(person__is_active=False) | Q(Exists(away)), stage__state=Stage.State.ASSIGNED)
    return list(members.order_by("stage__request_id").values_list("stage__request_id", flat=True).distinct())


def _cover_one(request_id: int) -> int:
    try:
        with transaction.atomic():
            return cover_request(request=lock_request(request_id), now=clock.now())
    except Exception as error:  # one request may fail in any way; it holds up no other, and the next round comes to it again
        logger.exception("Request %s could not be covered.", request_id, exc_info=error)
    return 0


def _cover(stage: Stage, scope: Scope, now: datetime) -> int:
    """Add people to a stage until enough are there to answer, or nobody is left; return how many were added."""
    needed = stage.needed - stage.decisions.filter(voided_at__isnull=True).count()
    asked = 0
    while _short(stage, scope, needed):
        backup = seat_backup(stage, scope, newly=True)
        if backup is None or scope.asked(backup) is None:
            _say_that_nobody_is_there(stage, scope, now)
            break
        _add(stage, backup, scope, now)
        asked += 1
    return asked


def _short(stage: Stage, scope: Scope, needed: int) -> int:
    people = User.objects.filter(stage_memberships__stage=stage, stage_memberships__left_at__isnull=True)
    return shortage(needed=needed, candidates={person.pk: scope.asked(person) for person in people})


def _add(stage: Stage, backup: User, scope: Scope, now: datetime) -> None:
    StageMember.objects.create(stage=stage, person=backup, capacity=StageMember.Capacity.BACKUP, added_at=now)
    stage.backup, stage.covered_at, stage.covered_why = backup, now, _why(stage, scope)
    stage.save(update_fields=["backup", "covered_at", "covered_why"])
    _record(stage, backup, now)


def _say_that_nobody_is_there(stage: Stage, scope: Scope, now: datetime) -> None:
    """Say it once: until somebody comes back or is named, the stage waits with those who were asked."""
    if stage.covered_at is not None:
        return
    stage.covered_at, stage.covered_why = now, f"{_why(stage, scope)} Nobody else may decide."
    stage.save(update_fields=["covered_at", "covered_why"])
    _record(stage, None, now)


def _why(stage: Stage, scope: Scope) -> str:
    owner = stage.owner
    if not owner.is_active:
        return f"{owner.name[:150]} has left, and nobody who may decides in their place."
    if scope.deputies.is_away(owner.pk, scope.matter):
        return f"{owner.name[:150]} is away, and nobody who may decides in their place."
    return f"Too few of those whom {stage.name[:150]} asks are there and have not decided yet."


def _record(stage: Stage, backup: User | None, now: datetime) -> None:
    audit.record(
        actor=None,
        verb="stage.covered",
        subject=stage,
        entity=stage.request.entity,
        after={"backup": backup.pk if backup else None, "why": stage.covered_why},
        at=now,
    )
    publish(BackupAsked(stage_id=stage.pk, at=now.isoformat(), backup_id=backup.pk if backup else None))
