"""Opening balances, and carrying on what is left, in a browser: shown first, mended where it stands, posted as shown."""

from typing import Any

import pytest

from budgets.models import CarryRun, Journal
from core.models import User
from tests.factories.budgets import move
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


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_a_month_is_carried_on_as_cost_centres_say(
    desk: Any, small_budget: SmallBudget, controller: User, size: str, scheme: str
) -> None:
    move(small_budget.account, "spent", 1500, is_fact=True)
    move(small_budget.accounts["PRODUCT", "people"], "committed", 200)
    seat = desk(controller, size=size, scheme=scheme)
    page = seat.open("/budgets/carry-rules/")
    page.get_by_label("Cost centre", exact=True).select_option(label="PLATFORM Platform")
    page.get_by_label("From the end of").fill("2026-01")
    page.get_by_label("Of what is left on a line it carries").select_option("share")
    page.get_by_label("Up to").fill("33.33")
    page.get_by_role("button", name="State it").click()
    page.get_by_text("Platform: up to a share of what is left").wait_for()
    seat.check(f"carry-rules-{size}-{scheme}")

    seat.open("/budgets/SMALL/carry/")
    page.get_by_label("Carry on what is left of").fill("2026-01")
    page.get_by_role("button", name="Show what it would carry").click()
    page.get_by_text("overspend goes on").wait_for()
    seat.check(f"carry-shown-{size}-{scheme}")
    page.get_by_role("button", name="Carry it on").click()
    page.get_by_text("is carried into February 2026").wait_for()
    seat.check(f"carry-done-{size}-{scheme}")
    assert CarryRun.objects.count() == 1
