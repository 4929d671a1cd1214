"""In a browser: a budget is begun from pasted cells; an order that nothing more comes of is closed, and opened again."""

from typing import Any

import pytest

from approvals.selectors.orders import order_of
from budgets.models import Budget
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, approve_all, submitted
from tests.factories.day_rates import rated
from tests.fixtures.approvals import House
from tests.fixtures.budgets import SmallBudget

CELLS = """category\tcost_centre\tline\tamount\tphasing\tpeople\tsprints\trole
software\tPLATFORM\tLicences\t12,000.00\tworking days\t\t\t
people\tPRODUCT\tDevelopers\t\t\t4\t10\tdeveloper
people\t\t\t400000\t\t\t\t
"""


@pytest.fixture
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    # The server has a thread, and so a clock, of its own.
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def test_a_budget_is_begun_from_pasted_cells(desk: Any, small_budget: SmallBudget, controller: User) -> None:
    rated(small_budget.entity, "750")
    seat = desk(controller)
    page = seat.open("/budgets/begin/?entity=acme")
    page.locator("[name=code]").fill("NEXT")
    page.locator("[name=name]").fill("Next year")
    page.locator("[name=cost_centre]").select_option(label=str(small_budget.parent))
    page.locator("[name=starts_on]").fill("2026-01")
    page.locator("[name=pasted]").fill(CELLS.replace("developer", "painter"))
    page.get_by_role("button", name="Show what it would be").click()
    page.get_by_text("has no role painter").wait_for()
    seat.check("begin-refused")
    page.locator("[name=pasted]").fill(CELLS)
    page.get_by_role("button", name="Show what it would be").click()
    page.get_by_role("heading", name="Next year would be a new budget").wait_for()
    seat.check("begin-would-be")
    page.get_by_role("button", name="Load it and put it in force").click()
    page.get_by_text("Next year, version 1, is in force.").wait_for()
    assert Budget.objects.get(code="NEXT").versions.get().total == 412_000
    phone = desk(controller, size="narrow", scheme="dark")
    phone.open("/budgets/begin/?entity=acme")
    phone.check("begin-narrow-dark")


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_an_order_is_closed_and_opened_again(desk: Any, kafka: House, monday: None, size: str, scheme: str) -> None:
    request = submitted(kafka.engineer, kafka.account, "70")
    approve_all(request)
    seat = desk(kafka.engineer, size=size, scheme=scheme)
    page = seat.open(f"/requests/{request.number}/")
    page.get_by_role("link", name="Close the order").click()
    page.get_by_label("Why nothing more comes of it").fill("The vendor is gone.")
    seat.check(f"close-order-{size}-{scheme}")
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_text("70.00").first.wait_for()
    page.get_by_role("button", name="Do it").click()
    page.get_by_text("is closed. What was not invoiced is free again.").wait_for()
    seat.check(f"closed-order-{size}-{scheme}")
    page.get_by_role("button", name="Open it again", exact=True).click()
    page.get_by_text("is open again.").wait_for()
    request.refresh_from_db()
    order = order_of(request)
    assert order is not None
    assert order.left == 70
