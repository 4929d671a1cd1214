"""In a browser: day rates are stated, typed and from a file, and a budget that is planned with them is planned anew."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from budgets.models import Budget
from budgets.selectors.budgets import version_in_force
from core.models import Entity, User
from tests.factories.day_rates import DEVELOPER, line, staffed_document

HEAD = "role,name,starts_on,rate,currency,source\n"
NEXT = f"{HEAD}developer,Developer,2026-09,800,USD,Next round\narchitect,Architect,2026-01,1000,EUR,Quote\n"


def test_rates_are_stated_and_a_budget_is_planned_with_them_and_anew(
    desk: Any, entity: Entity, controller: User, tmp_path: Path
) -> None:
    books = desk(controller)
    page = books.open("/budgets/rate-card/?entity=acme")
    page.get_by_role("textbox", name="Role").fill(DEVELOPER)
    page.get_by_label("What it is called").fill("Developer")
    page.locator("[name=starts_on]").fill("2026-01")
    page.locator("[name=rate]").fill("seven fifty")
    page.locator("[name=source]").fill("Band 4")
    page.get_by_role("button", name="State it").click()
    page.get_by_text("is not an amount").wait_for()
    books.check("rate-card-refused")
    assert page.locator("[name=source]").input_value() == "Band 4"
    page.locator("[name=rate]").fill("750.00")
    page.get_by_role("button", name="State it").click()
    page.get_by_text("a day of Developer costs 750.00 USD").wait_for()

    plan = tmp_path / "staff.yaml"
    plan.write_text(yaml.safe_dump(staffed_document(line({"fte": 4, "sprints": 10, "role": DEVELOPER}))))
    page = books.open("/budgets/load/")
    page.locator("input[type=file]").set_input_files(plan)
    page.get_by_role("button").filter(has_text="Show").click()
    page.get_by_text("750.00 a day").wait_for()
    books.check("staff-would-be")
    page.get_by_role("button", name="Load it and put it in force").click()
    page.get_by_text("Staff, version 1, is in force.").wait_for()

    card = tmp_path / "next.csv"
    card.write_text(NEXT)
    page = books.open("/budgets/rate-card/?entity=acme")
    page.locator("input[type=file]").set_input_files(card)
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_text("2 day rates to state").wait_for()
    books.check("rate-card-file")
    page.get_by_role("button", name="State them").click()
    page.get_by_text("Day rates stated: 2.").wait_for()
    books.check("rate-card")

    page.get_by_role("link", name="Staff", exact=True).click()
    page.get_by_label("Months from").fill("2026-09")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("heading", name="+8,000.00 USD at the rates of now").wait_for()
    books.check("staffing")
    page.get_by_role("button", name="Show what planning them anew does").click()
    page.get_by_text("what is allotted before stays").wait_for()
    books.check("staff-anew")
    page.get_by_role("button", name="Load it and put it in force").click()
    page.get_by_text("Staff, version 2, is in force.").wait_for()
    version = version_in_force(Budget.objects.get(code="STAFF"))
    assert version is not None
    assert version.lines.get().amount == Decimal(308_000)

    phone = desk(controller, size="narrow", scheme="dark")
    for name, address in (
        ("rate-card", "/budgets/rate-card/?entity=acme"),
        ("staffing", "/budgets/STAFF/staffing/?since=2026-09"),
        ("version", "/budgets/STAFF/versions/2/"),
    ):
        phone.open(address)
        phone.check(f"{name}-narrow-dark")
