"""Factories for core's nouns. People are called by their role."""

from datetime import time
from typing import Any

import factory
from factory.django import DjangoModelFactory

from core.models import Entity, Role, RoleAssignment, User, WorkCalendar


class WorkCalendarFactory(DjangoModelFactory[WorkCalendar]):
    class Meta:
        model = WorkCalendar

    code = factory.Sequence(lambda n: f"calendar-{n}")
    name = "Office hours"
    time_zone = "UTC"
    opens_at = time(9)
    closes_at = time(17)


class EntityFactory(DjangoModelFactory[Entity]):
    class Meta:
        model = Entity

    code = factory.Sequence(lambda n: f"entity-{n}")
    name = factory.Sequence(lambda n: f"Entity {n}")
    currency = "USD"
    calendar = factory.SubFactory(WorkCalendarFactory)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = "!"


def role(code: str, kind: str) -> Role:
    """Return the role with `code`, made if need be."""
    return Role.objects.get_or_create(code=code, defaults={"name": code.replace("_", " ").capitalize(), "kind": kind})[0]


def assign(user: User, code: str, entity: Entity, *, kind: str = "approver", cost_centre: Any = None) -> RoleAssignment:
    """Give `user` a role over an entity, or over a cost centre's subtree."""
    scope = "cost_centre" if cost_centre else "entity"
    return RoleAssignment.objects.create(user=user, role=role(code, kind), entity=entity, scope=scope, cost_centre=cost_centre)
