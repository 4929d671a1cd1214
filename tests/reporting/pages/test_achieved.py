"""Actual in per cent of budget: the same figures in the selectors, on the pages and through the API."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Budget, BudgetCategory, BudgetVersion, FundsAccount
from budgets.selectors.comparing import variance_of
from budgets.selectors.matrix import matrix_of, sum_of
from budgets.services.accounts import ensure_account
from core.models import Entity, User
from reporting.rules.figures import Report
from reporting.rules.snapshots import plain
from reporting.selectors.variance import budget_against_actual
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, move, open_year

REVENUE, EXPENSE, ROOT = "86.67", "120.00", "70.00"


@pytest.fixture
def earning(entity: Entity) -> Budget:
    """Revenue of 150 and expense of −50, of which 130 and −60 are booked; an envelope of zero; spend without an envelope."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, code="EARNING", line_mode="track", group_mode="track")
    version = BudgetVersion.objects.get(budget=budget)
    for code, planned, booked in (("revenue", 150, 130), ("expense", -50, -60), ("nothing", 0, 12), ("unplanned", 0, -12)):
        category = CategoryFactory.create(entity=entity, code=code, name=code.capitalize())
        account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=category)
        if planned:
            move(account, "allotted", planned)
        move(account, "spent", booked, is_fact=True)
        if code != "unplanned":
            BudgetCategory.objects.create(version=version, category=category, amount=max(planned, 0))
    return budget


@pytest.fixture
def report(earning: Budget) -> Report:
    return budget_against_actual(earning, JANUARY)


def test_revenue_150_with_130_is_86_67_and_expense_minus_50_with_minus_60_is_120_and_together_70(report: Report) -> None:
    rows = {row.category: row for row in report.by_category}
    assert (report.total.figures.plan_to_date, report.total.figures.actual_to_date) == (100, 70)
    assert report.total.figures.achieved == Decimal(ROOT)
    assert (rows["revenue"].figures.achieved, rows["expense"].figures.achieved) == (Decimal(REVENUE), Decimal(EXPENSE))


def test_a_budget_of_zero_is_a_budget_and_has_no_per_cent(report: Report) -> None:
    rows = {row.category: (row.has_budget, row.figures.achieved) for row in report.by_category}
    assert (rows["nothing"], rows["unplanned"]) == ((True, None), (False, None))


def test_the_page_says_what_was_achieved_and_where_there_is_no_budget(
    read_as_auditor: Callable[[str], str], earning: Budget
) -> None:
    html = read_as_auditor("/reports/EARNING/?month=2026-01").replace("\u00a0", " ")
    [section] = re.findall(r'<section[^>]*aria-labelledby="a-h".*?</section>', html, re.DOTALL)
    names = [re.sub("<[^>]*>", "", name) for name in re.findall(r'<th scope="row"[^>]*>(.*?)</th>', section)]
    shown = re.findall(r'data-label="Achieved">([^<]*)</td>', section)
    assert dict(zip(names, shown, strict=True)) == {
        "Revenue": f"{REVENUE} %",
        "Expense": f"{EXPENSE} %",
        "Nothing": "budget of zero",
        "Unplanned": "no budget",
        earning.name: f"{ROOT} %",
    }


def test_programs_are_told_the_same(api: Callable[..., Any], auditor: User, earning: Budget) -> None:
    found = api(auditor).get("reports/EARNING?month=2026-01").json()
    assert found["total"]["figures"]["achieved_pct"] == ROOT
    assert {row["category"]: (row["has_budget"], row["figures"]["achieved_pct"]) for row in found["by_category"]} == {
        "revenue": (True, REVENUE),
        "expense": (True, EXPENSE),
        "nothing": (True, None),
        "unplanned": (False, None),
    }


def test_the_matrix_and_the_baselines_have_it_too(earning: Budget, auditor: User) -> None:
    rows = matrix_of(FundsAccount.objects.filter(budget=earning), first=JANUARY, last=JANUARY).rows
    assert {row.category.code: row.total.achieved for row in rows} == {
        "revenue": Decimal(REVENUE),
        "expense": Decimal(EXPENSE),
        "nothing": None,
        "unplanned": None,
    }
    assert sum_of([row.total for row in rows]).achieved == Decimal(ROOT)
    BudgetVersion.objects.filter(budget=earning).update(is_baseline=True)
    assert {row.achieved for row in variance_of(auditor, earning, today=JANUARY)} == {None}


def test_what_a_pack_freezes_has_no_word_of_it(report: Report) -> None:
    """A figure that is made of others is not kept beside them, and an issue is given again where nothing else changed."""
    assert "has_budget" not in plain(report.total)
    assert "achieved" not in plain(report.total)["figures"]
