"""Delegations in short, for tests."""

from datetime import timedelta
from typing import Any

from approvals.models import Delegation
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
