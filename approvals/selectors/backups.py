"""Who steps in at many stages at once. What one stage asks the database for is read for all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import prefetch_related_objects

from approvals.models import Stage, StageMember
from approvals.rules.delegation import Deputies
from approvals.selectors.delegations import decided_of_each, deputies_of
from approvals.selectors.places import path_of_each
from approvals.selectors.seats import Holders, scope_of, seat_backup
from core.models import User


@dataclass
class Read:
    """What was read for one sweep, by the ids of requests and stages, and so far: who is away, and who holds a role where."""

    now: datetime
    paths: dict[int, str]
    decided: dict[int, set[int]]
    members: dict[int, set[int]]
    deputies: dict[int, Deputies] = field(default_factory=dict)
    # By the organization, the place, whoever asked (whose managers may be meant) and the committee as it was then.
    holders: dict[tuple[int, str, int, int | None], Holders] = field(default_factory=dict)


def backups_of(stages: Sequence[Stage], *, now: datetime) -> list[User | None]:
    """Return who steps in at each stage, as `seat_backup` does. Stages come with their requests and entities."""
    prefetch_related_objects(list(stages), "backup", "committee_version", "request__policy_version")
    requests = {stage.request_id: stage.request for stage in stages}
    read = Read(now, path_of_each(requests.values()), decided_of_each(requests.values()), _members(stages))
    return [_backup(stage, read) for stage in stages]


def _members(stages: Sequence[Stage]) -> dict[int, set[int]]:
    """Return who stands before each stage, by the stages' ids."""
    found: dict[int, set[int]] = {stage.pk: set() for stage in stages}
    for stage_id, person_id in StageMember.objects.filter(stage__in=found).values_list("stage_id", "person_id"):
        found[stage_id].add(person_id)
    return found


def _backup(stage: Stage, read: Read) -> User | None:
    request = stage.request
    entity, path = request.entity, read.paths[request.pk]
    if entity.pk not in read.deputies:
        read.deputies[entity.pk] = deputies_of(entity, now=read.now)
    known = read.holders.setdefault((entity.pk, path, request.requester_id, stage.committee_version_id), {})
    decided, deputies = read.decided[request.pk], read.deputies[entity.pk]
    scope = scope_of(request, path=path, decided=decided, deputies=deputies, known=known)
    return seat_backup(stage, scope, members=read.members[stage.pk])
