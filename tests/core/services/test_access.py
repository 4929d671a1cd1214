"""Rights reach as far as the assignment that gives them."""

import pytest

from core.access import entities_of, holders_of, may, paths_of, rights_of
from core.models import Entity, User
from core.rules.rights import Right
from tests.factories.core import UserFactory, assign

pytestmark = pytest.mark.django_db


def centre(entity: Entity, code: str, parent_path: str = "/") -> object:
    from budgets.models import CostCentre

    return CostCentre.objects.create(entity=entity, code=code, name=code, path=f"{parent_path}{code}/")


def test_a_subtree_is_not_its_namesake(entity: Entity) -> None:
    head = UserFactory.create()
    assign(head, "it_lead", entity, cost_centre=centre(entity, "IT"))
    assert may(head, Right.DECIDE, entity=entity, path="/IT/SUPPORT/")
    assert not may(head, Right.DECIDE, entity=entity, path="/ITSecurity/")
    assert holders_of("it_lead", entity=entity, path="/ITSecurity/") == []
    assert paths_of(head, entity, Right.DECIDE) == ["/IT/"]


def test_the_nearest_holder_comes_first_and_who_left_never(entity: Entity) -> None:
    whole, near, gone = UserFactory.create(), UserFactory.create(), UserFactory.create(is_active=False)
    unit = centre(entity, "ENG")
    assign(whole, "lead", entity)
    assign(near, "lead", entity, cost_centre=unit)
    assign(gone, "lead", entity, cost_centre=unit)
    assert holders_of("lead", entity=entity, path="/ENG/WEB/") == [near, whole]
    assert rights_of(gone) == frozenset()


def test_a_right_ends_at_the_entity(controller: User, outsider: User, entity: Entity) -> None:
    assert may(controller, Right.RECONCILE, entity=entity)
    assert not may(outsider, Right.RECONCILE, entity=entity)
    assert list(entities_of(controller)) == [entity]
    assert entity not in entities_of(outsider)
