"""Opening balances in a browser: rows with a fault are marked, mended where they stand, and posted as shown."""

from typing import Any

import pytest

from budgets.models import Journal
from core.models import User
from tests.fixtures.budgets import SmallBudget

SIZES = [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")]
ROWS = """category,cost_centre,reference,allotted,committed,spent,paid
software,PLATFORM,PO-1,500.00,30.10,20.00,10.00
software,MOON,PO-2,,69.90,,
"""


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_a_budget_is_opened_with_an_old_systems_balances(
    desk: Any, small_budget: SmallBudget, controller: User, size: str, scheme: str
) -> None:
    seat = desk(controller, size=size, scheme=scheme)
    page = seat.open("/budgets/SMALL/opening/")
    seat.check(f"opening-{size}-{scheme}")
    page.get_by_label("Old system", exact=True).fill("Old ERP")
    for label, amount in (("Allotted", "500"), ("Committed", "100"), ("Spent", "20"), ("Paid, of what was spent", "10")):
        page.get_by_label(label, exact=True).fill(amount)
    page.get_by_label("Rows", exact=True).fill(ROWS)
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_text("The budget has no line for software at MOON.").wait_for()
    seat.check(f"opening-marked-{size}-{scheme}")

    page.get_by_label("Rows", exact=True).fill(ROWS.replace("MOON", "PRODUCT"))
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_text("They agree").wait_for()
    seat.check(f"opening-shown-{size}-{scheme}")
    page.get_by_role("button", name="Post it").click()
    page.get_by_text("is opened with the balances of Old ERP").wait_for()
    seat.check(f"opening-done-{size}-{scheme}")
    assert Journal.objects.filter(kind="opening").count() == 1
