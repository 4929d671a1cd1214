"""Signing a version in a browser: its owner, then finance."""

from typing import Any

import pytest

from budgets.models import BudgetVersion
from budgets.rules.safe_yaml import read
from budgets.services.budgets import load_document
from core.models import User
from tests.budgets.services.test_sign_offs import PLAN
from tests.fixtures.budgets import SmallBudget


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_version_is_signed_by_both(
    desk: Any, small_budget: SmallBudget, controller: User, approver: User, size: str, scheme: str
) -> None:
    text = PLAN % {"amount": "120.00", "sign_off": "true", "name": "A plan"}
    load_document(document=read(text.encode()), actor=controller, source_name="plan.yaml")
    owner, finance = (desk(person, size=size, scheme=scheme) for person in (approver, controller))

    page = owner.open("/budgets/PLAN/versions/1/")
    owner.check(f"sign-{size}-{scheme}")
    page.get_by_role("button", name="Sign for the budget's owner").click()
    page.get_by_text("is signed by you").wait_for()
    page = finance.open("/budgets/PLAN/")
    finance.check(f"sign-budget-{size}-{scheme}")
    page.get_by_role("link", name="Open it").click()
    finance.check(f"sign-half-{size}-{scheme}")
    page.get_by_role("button", name="Sign for finance").click()
    page.get_by_text("version 1, is in force").wait_for()
    finance.check(f"signed-{size}-{scheme}")
    assert BudgetVersion.objects.get(budget__code="PLAN").state == "in_force"
