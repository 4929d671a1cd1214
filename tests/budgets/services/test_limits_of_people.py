"""A person's own limit bounds what they state for a control and by how much they let a budget grow."""

from decimal import Decimal

import pytest

from budgets.models import BudgetVersion, Control, Journal
from budgets.services.controls import Node, Terms, set_control
from budgets.services.versions import put_in_force
from core.errors import NotAllowed
from core.models import RoleAssignment, User
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(small_budget: SmallBudget, controller: User) -> User:
    RoleAssignment.objects.filter(user=controller).update(limit=Decimal("1000.00"))
    return User.objects.get(pk=controller.pk)


@pytest.fixture
def unlimited(small_budget: SmallBudget) -> User:
    person = UserFactory.create(name="Head of finance")
    assign(person, "finance", small_budget.entity, kind="finance")
    return person


def state(small: SmallBudget, actor: User, own_limit: str) -> Control:
    terms = Terms("warn", "year", own_limit=Decimal(own_limit))
    return set_control(entity=small.entity, node=Node(cost_centre=small.parent), terms=terms, actor=actor)


def test_a_control_s_own_limit_stays_within_the_person_s(small_budget: SmallBudget, limited: User, unlimited: User) -> None:
    before = Control.objects.count()
    with pytest.raises(NotAllowed, match=r"up to 1,000.00 USD") as refusal:
        state(small_budget, limited, "1000.01")
    assert (refusal.value.code, refusal.value.details["who_may"]) == ("above_limit", ["Head of finance"])
    assert Control.objects.count() == before
    assert state(small_budget, limited, "1000.00").own_limit == Decimal("1000.00")
    assert state(small_budget, unlimited, "1000.01").own_limit == Decimal("1000.01")


@pytest.mark.parametrize(("more", "passes"), [("1000.00", True), ("1000.01", False)])
def test_a_budget_grows_by_no_more_than_the_person_may_commit(
    small_budget: SmallBudget, limited: User, unlimited: User, more: str, passes: bool
) -> None:
    standing = BudgetVersion.objects.get(budget=small_budget.budget)
    draft = BudgetVersion.objects.create(
        budget=small_budget.budget, number=2, total=standing.total + Decimal(more), source_digest="draft"
    )
    before = Journal.objects.count()
    if passes:
        assert put_in_force(version_id=draft.pk, actor=limited, force=True).state == "in_force"
        return
    with pytest.raises(NotAllowed, match=r"1,000.01 USD more is more"):
        put_in_force(version_id=draft.pk, actor=limited, force=True)
    draft.refresh_from_db()
    assert (draft.state, Journal.objects.count()) == ("draft", before)
    assert put_in_force(version_id=draft.pk, actor=unlimited, force=True).state == "in_force"
