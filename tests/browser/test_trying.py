"""Trying a change in a browser: what it would do is shown, left, tried again and done."""

from typing import Any

import pytest

from approvals.models import Decision
from budgets.models import Entry
from core.models import User
from tests.factories.approvals import stages_of, submitted
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House
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


@pytest.mark.usefixtures("monday")
@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_an_answer_is_tried_left_and_then_given(desk: Any, kafka: House, size: str, scheme: str) -> None:
    """Beside the list the panel is answered by script: what is tried has a page of its own all the same."""
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage = stages_of(request)[0]
    seat = desk(stage.owner, size=size, scheme=scheme)
    for ending in ("Leave it", "Do it"):
        page = seat.open(f"/queue/{stage.pk}/")
        page.locator("#decide textarea").fill("Not this year.")
        page.locator("#decide summary").click()
        seat.check(f"try-answer-{size}-{scheme}")
        page.get_by_role("button", name="to reject").click()
        page.get_by_role("heading", name="What it would do").wait_for()
        seat.check(f"tried-answer-{size}-{scheme}")
        assert not Decision.objects.exists()
        page.get_by_text(ending, exact=True).click()
        page.get_by_role("heading", name="What it would do").wait_for(state="detached")
    assert Decision.objects.get().comment == "Not this year."
