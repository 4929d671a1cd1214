"""Owners of stages in short, for tests: committees, groups, managers, and policies that name them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from approvals.models import CommitteeVersion, PolicyVersion
from approvals.services.committees import CommitteeData, state_committee
from approvals.services.policies import load_policy
from core.models import Entity, User
from tests.factories.approvals import MONDAY, read_yaml
from tests.factories.core import UserFactory, assign

CODE = "budget"


def member(entity: Entity, name: str, *, kind: str = "approver") -> User:
    """Return somebody who holds a role that decides in an organization, one that no policy names."""
    person: User = UserFactory.create(name=name, email=f"{name.casefold().replace(' ', '-')}@house.example.org")
    assign(person, f"{kind}_at_large", entity, kind=kind)
    return person


def data_of(chair: User | None, members: Sequence[User], **more: Any) -> CommitteeData:
    day: date = more.pop("valid_from", MONDAY.date())
    given: dict[str, Any] = {"code": CODE, "name": "Budget committee", "quorum": 2, "valid_from": day}
    return CommitteeData(chair=chair, members=members, **(given | more))


def committee(entity: Entity, chair: User | None, members: Sequence[User], **more: Any) -> CommitteeVersion:
    """State a committee of which two must approve, from Monday on."""
    return state_committee(entity=entity, data=data_of(chair, members, **more), actor=None)


def asking(entity: Entity, *stages: Any, **more: Any) -> PolicyVersion:
    """Let scope changes go through `stages`, by the policy of the migration to Kafka."""
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][3]["stages"] = list(stages)
    return load_policy(document=document | more, entity=entity, actor=None)
