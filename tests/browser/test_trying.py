"""Trying a change in a browser: what it would do is shown, left, tried again and done."""

from typing import Any

import pytest

from budgets.models import Entry
from core.models import User
from tests.factories.reconciliation import an_invoice
from tests.fixtures.budgets import SmallBudget


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_line_is_tried_left_and_then_coded(
    desk: Any, small_budget: SmallBudget, controller: User, size: str, scheme: str
) -> None:
    invoice = an_invoice(small_budget.entity, controller, "INV-9001", "120.00")
    finance = desk(controller, size=size, scheme=scheme)
    address = f"/reconciliation/invoices/{invoice.pk}/"
    for ending in ("Leave it", "Do it"):
        page = finance.open(address)
        page.get_by_text("Without a request: choose the budget line").click()
        form = page.locator("form", has=page.get_by_role("button", name="Spend 120.00 there"))
        form.get_by_label("Budget line").select_option(str(small_budget.account.pk))
        form.get_by_label("Month").select_option("2026-03-01")
        finance.check(f"try-form-{size}-{scheme}")
        form.get_by_role("button", name="Show what it would do").click()
        page.get_by_role("heading", name="What it would do").wait_for()
        finance.check(f"tried-{size}-{scheme}")
        assert not Entry.objects.filter(bucket="spent").exists()
        page.get_by_text(ending, exact=True).click()
        page.get_by_role("heading", name="INV-9001").wait_for()
    page.get_by_text(f"is spent on {small_budget.account.name}").wait_for()
    assert Entry.objects.get(bucket="spent").account == small_budget.account
