"""Which rows a role reaches: the whole of an entity, what lies below a cost centre, or nothing."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from approvals.selectors.requests import visible_requests
from budgets.models import CostCentre
from core.models import Entity, User
from core.reach import in_reach
from core.rules.rights import Right
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import EntityFactory, UserFactory, assign

pytestmark = pytest.mark.django_db


@pytest.fixture
def entity() -> Entity:
    return EntityFactory.create()


@pytest.fixture
def tree(entity: Entity) -> list[CostCentre]:
    """A top with two branches, of which the first has a leaf, and another entity's top."""
    top = CostCentreFactory.create(entity=entity, code="TOP")
    left = CostCentreFactory.create(entity=entity, code="LEFT", parent=top)
    right = CostCentreFactory.create(entity=entity, code="RIGHT", parent=top)
    leaf = CostCentreFactory.create(entity=entity, code="LEAF", parent=left)
    foreign = CostCentreFactory.create(entity=EntityFactory.create(), code="FOREIGN")
    return [top, left, right, leaf, foreign]


def reached(person: User | AnonymousUser, *rights: Right) -> set[str]:
    return set(CostCentre.objects.filter(in_reach(person, *rights, under="path")).values_list("code", flat=True))


def test_a_role_over_a_cost_centre_reaches_what_lies_below_it(entity: Entity, tree: list[CostCentre]) -> None:
    person = UserFactory.create()
    assign(person, "manager", entity, kind="requester", cost_centre=tree[1])
    assert reached(person, Right.REQUEST) == {"LEFT", "LEAF"}
    assert reached(person) == {"LEFT", "LEAF"}


def test_a_role_over_the_whole_entity_reaches_all_of_it_and_no_other(entity: Entity, tree: list[CostCentre]) -> None:
    person = UserFactory.create()
    assign(person, "manager", entity, kind="requester", cost_centre=None)
    assign(person, "manager", entity, kind="requester", cost_centre=tree[3])
    assert reached(person, Right.REQUEST) == {"TOP", "LEFT", "RIGHT", "LEAF"}


def test_without_the_right_nothing_is_reached(entity: Entity, tree: list[CostCentre]) -> None:
    person = UserFactory.create()
    assign(person, "manager", entity, kind="requester", cost_centre=None)
    assert reached(person, Right.ADMINISTER) == set()
    assert reached(UserFactory.create()) == reached(AnonymousUser()) == set()


def test_a_part_is_asked_for_once_and_below_itself_no_more(entity: Entity, tree: list[CostCentre]) -> None:
    person = UserFactory.create()
    for centre in (tree[3], tree[1]):
        assign(person, "manager", entity, kind="requester", cost_centre=centre)
    asked: list[str] = []

    def under(path: str) -> Q:
        asked.append(path)
        return Q(path__startswith=path)

    assert set(CostCentre.objects.filter(in_reach(person, under=under))) == {tree[1], tree[3]}
    assert asked == [tree[1].path]
    assert not visible_requests(person).exists()
