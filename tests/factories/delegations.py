"""Delegations in short, for tests."""

from datetime import timedelta
from typing import Any

from approvals.models import Decision, Delegation, Stage
from approvals.selectors.queue import queue_of
from approvals.services.decisions import approve_stage
from approvals.services.delegations import DelegationData, state_delegation
from core.models import Entity, User
from tests.factories.approvals import MONDAY


def delegated(person: User, delegate: User | None, entity: Entity, *, days: int = 7, after: int = 0, **more: Any) -> Delegation:
    """Let `delegate` decide for `person` for some days from the Monday of the tests on; without one, be out of office."""
    first = (MONDAY + timedelta(days=after)).date()
    actor = more.pop("actor", person)
    data = DelegationData(entity, person, delegate, first, first + timedelta(days=days - 1), **more)
    return state_delegation(data=data, actor=actor)


def anew(person: User) -> User:
    """Return a person as the next request reads them."""
    return User.objects.get(pk=person.pk)


def approve(stage: Stage, person: User) -> Decision:
    """Approve a stage as somebody whose roles are read anew."""
    return approve_stage(stage_id=stage.pk, actor=anew(person), digest=stage.request.digest)


def in_queue(person: User) -> list[Stage]:
    """Return what waits for somebody."""
    return list(queue_of(anew(person)))
