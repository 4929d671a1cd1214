"""The page of rights in a real browser, as an administrator walks it: looking, giving with a limit, bad input, taking away."""

from decimal import Decimal
from typing import Any

import pytest

from budgets.models import CostCentre
from core.models import Entity, RoleAssignment, User
from core.services.assignments import assign_role
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign, role


@pytest.fixture
def staff(
    entity: Entity, requester: User, approver: User, controller: User, executive: User, auditor: User, administrator: User
) -> CostCentre:
    """A person of each kind, one of them over a part and up to an amount, and another administrator."""
    assign(UserFactory.create(name="Second administrator"), "administrator", entity, kind="administrator")
    centre = CostCentreFactory.create(entity=entity, code="ENG", name="Engineering")
    lead = role("tech_lead", "approver")
    assign_role(person=approver, role=lead, entity=entity, cost_centre=centre, limit=Decimal("25000.00"), actor=administrator)
    return centre


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
@pytest.mark.usefixtures("staff")
def test_an_administrator_walks_the_page(desk: Any, administrator: User, requester: User, size: str, scheme: str) -> None:
    look = f"{size}-{scheme}"
    seat = desk(administrator, size=size, scheme=scheme)
    page = seat.open("/rights/")
    seat.check(f"rights-{look}")
    page.get_by_label("Who may").select_option("decide")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Program director").first.click()
    page.get_by_role("heading", name="May do, and why").wait_for()
    seat.check(f"rights-of-person-{look}")
    seat.open(f"/rights/give/?person={requester.pk}")
    page.get_by_label("Role").select_option(label="Tech lead")
    page.get_by_label("Organization").select_option(label="Acme")
    page.get_by_label("Up to").fill("0")
    page.get_by_role("button", name="Give the role").click()
    page.get_by_text("Something is not right yet").wait_for()
    seat.check(f"rights-give-refused-{look}")
    page.get_by_label("Up to").fill("1250.50")
    page.get_by_role("button", name="Give the role").click()
    page.get_by_text("Project manager is Tech lead of Acme.").wait_for()
    assert RoleAssignment.objects.get(user=requester, role__code="tech_lead").limit == Decimal("1250.50")
    page.get_by_text("Take away: Project manager as Tech lead").click()
    page.get_by_role("button", name="Take it away").and_(page.locator(":visible")).click()
    page.get_by_text("is no longer Tech lead of Acme").wait_for()
    seat.check(f"rights-after-{look}")
    assert not RoleAssignment.objects.filter(user=requester, role__code="tech_lead").exists()
