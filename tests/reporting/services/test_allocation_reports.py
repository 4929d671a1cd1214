"""Allocation reports over real imports, invoices and corrections, each held against the entries."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from budgets.models import Balance, Entry, SpendItem
from budgets.services.accounts import ensure_account
from budgets.services.periods import close_period
from budgets.services.rates import state_rate
from budgets.services.spend_tags import set_spend_tags
from budgets.services.tag_terms import KeyData, state_tag_key
from core.models import User
from reconciliation.models import RawRow
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.sources import save_source
from reporting.rules.allocation_report import Table, View
from reporting.selectors.allocation_reports import AllocationReport, allocation_report
from tests.factories.budgets import JANUARY, BudgetFactory, allot, move
from tests.fixtures.budgets import SmallBudget

MARCH = date(2026, 3, 1)
MAPPING = {
    "columns": {
        "date": "Date",
        "vendor": "Vendor",
        "description": "Service",
        "category": "Category",
        "cost_centre": "Cost centre",
        "amount": "Amount",
    },
    "tags": {"Department": "Department", "Project": "Project"},
}
ROWS = """Date,Vendor,Service,Category,Cost centre,Amount,Department,Project
2026-03-01,Cloud,Compute,software,PLATFORM,100.10,engineering,core
2026-03-01,Cloud,Storage,software,PLATFORM,20.05,Engineering,
2026-03-02,Cloud,Compute,software,PRODUCT,50.00,product,core
2026-03-31,Cloud,Compute,software,PRODUCT,-7.15,product,core
2026-02-28,Cloud,Storage,software,PRODUCT,9.00,,analytics
"""


@pytest.fixture
def spent(small_budget: SmallBudget, controller: User) -> SmallBudget:
    by: dict[str, Any] = {"entity": small_budget.entity, "actor": controller}
    state_tag_key(data=KeyData("Department", JANUARY, "list", values=("engineering", "product")), **by)
    source = save_source(code="cloud", name="Cloud", format_code="spend_csv", mapping=MAPPING, **by)
    received = receive_file(source=source, name="cloud.csv", content=ROWS.encode(), actor=controller)
    taken = apply(import_file_id=received.pk, actor=controller)
    assert (taken.accepted, taken.quarantined) == (5, 0)
    move(small_budget.account, "spent", "33.00", month=MARCH, is_fact=True)
    return small_budget


def ledger(spent: SmallBudget, *months: date) -> Decimal:
    entries = Entry.objects.filter(account__entity=spent.entity, bucket="spent", month__in=months)
    return entries.aggregate(total=Sum("pooled"))["total"] or Decimal(0)


def totals(table: Table) -> dict[str, Decimal]:
    return {part.name: part.total for part in table.parts}


def line(table: Table, key: str) -> dict[str, Decimal]:
    found = next(each for each in table.lines if each.span.key == key)
    return {part.name: amount for part, amount in zip(table.parts, found.amounts, strict=True) if amount}


def made(spent: SmallBudget, view: View, month: date = MARCH) -> AllocationReport:
    report = allocation_report(spent.entity, view, month)
    assert report.held.agrees
    return report


def test_services_by_day_come_to_the_month_of_the_ledger(spent: SmallBudget) -> None:
    report = made(spent, View.SERVICES)
    table = report.tables[0]
    assert table.total == ledger(spent, MARCH) == Decimal("196.00")
    assert totals(table) == {
        "Cloud · Compute": Decimal("142.95"),
        "Software, service not known": Decimal(33),
        "Cloud · Storage": Decimal("20.05"),
    }
    assert line(table, "2026-03-01") == {"Cloud · Compute": Decimal("100.10"), "Cloud · Storage": Decimal("20.05")}
    assert line(table, "2026-03-31") == {"Cloud · Compute": Decimal("-7.15")}
    assert line(table, "undated") == {"Software, service not known": Decimal(33)}
    held = report.held
    assert (held.ledger, held.imported, held.entered, held.undated) == (
        Decimal("196.00"),
        Decimal("163.00"),
        Decimal(0),
        Decimal(33),
    )


def test_tags_by_week_keep_what_bears_none(spent: SmallBudget) -> None:
    report = made(spent, View.TAGS)
    department, project = report.tables
    assert department.total == project.total == ledger(spent, JANUARY, date(2026, 2, 1), MARCH) == Decimal("205.00")
    assert totals(department) == {
        "engineering": Decimal("120.15"),
        "product": Decimal("42.85"),
        "not tagged": Decimal(42),
    }
    assert totals(project) == {"core": Decimal("142.95"), "not tagged": Decimal("53.05"), "analytics": Decimal(9)}
    assert line(department, "2026-W09") == {"engineering": Decimal("120.15"), "not tagged": Decimal(9)}
    assert line(project, "2026-W14") == {"core": Decimal("-7.15")}


def test_what_a_person_says_of_a_tag_counts(spent: SmallBudget, controller: User) -> None:
    item = SpendItem.objects.get(entity=spent.entity, thread=f"raw-row:{RawRow.objects.get(occurred_on=date(2026, 2, 28)).pk}")
    by: dict[str, Any] = {"entity": spent.entity, "actor": controller, "reason": "They used it."}
    set_spend_tags(month=date(2026, 2, 1), refs=[item.thread], tags={"department": "product"}, **by)
    table = made(spent, View.TAGS).tables[0]
    assert totals(table)["product"] == Decimal("51.85")
    assert totals(table)["not tagged"] == Decimal(33)


def test_a_row_posted_in_a_later_month_keeps_its_day_in_a_line_of_its_own(spent: SmallBudget) -> None:
    row = RawRow.objects.get(occurred_on=date(2026, 2, 28))
    move(spent.account, "spent", "5.00", month=MARCH, thread=f"raw-row:{row.pk}", is_fact=True)
    table = made(spent, View.SERVICES).tables[0]
    assert line(table, "outside") == {"Cloud · Storage": Decimal("5.00")}
    assert table.total == ledger(spent, MARCH)


def test_spend_that_is_re_coded_or_taken_back_counts_where_it_lies(spent: SmallBudget) -> None:
    row = RawRow.objects.get(occurred_on=date(2026, 3, 2))
    thread, product = f"raw-row:{row.pk}", spent.accounts["PRODUCT", "software"]
    move(product, "spent", "-50.00", month=MARCH, thread=thread, is_fact=True)
    assert "2026-03-02" not in [each.span.key for each in made(spent, View.SERVICES).tables[0].lines if each.total]
    move(spent.account, "spent", "50.00", month=MARCH, thread=thread, is_fact=True)
    assert totals(made(spent, View.CENTRES).tables[0]) == {"Platform": Decimal("203.15"), "Product": Decimal("1.85")}
    assert line(made(spent, View.SERVICES).tables[0], "2026-03-02") == {"Cloud · Compute": Decimal(50)}


def test_cost_centres_by_month_come_to_the_balances(spent: SmallBudget) -> None:
    report = made(spent, View.CENTRES)
    table = report.tables[0]
    assert table.total == Balance.objects.filter(account__entity=spent.entity).aggregate(total=Sum("spent"))["total"]
    assert (report.first, len(table.lines)) == (date(2025, 4, 1), 12)
    assert line(table, "2026-03") == {"Platform": Decimal("153.15"), "Product": Decimal("42.85")}
    assert report.budgets == {"PLATFORM": "SMALL", "PRODUCT": "SMALL"}


@pytest.mark.parametrize(
    ("start", "quarter", "plan"), [(1, "2026-Q1", 18000), (2, "2026/27-Q1", 18000), (7, "2025/26-Q3", 18000)]
)
def test_quarters_follow_the_fiscal_year(spent: SmallBudget, start: int, quarter: str, plan: int) -> None:
    spent.entity.fiscal_year_start_month = start
    spent.entity.save()
    report = made(spent, View.QUARTERS)
    found = next(each for each in report.quarters if each.key == quarter)
    assert found.whole.plan == plan
    assert found.whole.actual == Decimal("205.00")
    assert [(each.name, each.plan) for each in found.lines] == [("Platform", Decimal(9000)), ("Product", Decimal(9000))]
    assert report.held.ledger_plan == sum(each.whole.plan for each in report.quarters)


def test_another_currency_counts_at_its_entries_rates(spent: SmallBudget) -> None:
    said: dict[str, Any] = {"entity": spent.entity, "currency": "EUR", "rate": Decimal("1.10"), "source": "Central bank"}
    state_rate(valid_on=date(2025, 12, 31), actor=None, **said)
    abroad = BudgetFactory.create(entity=spent.entity, code="EURO", currency="EUR", cost_centre=spent.parent)
    account = ensure_account(budget=abroad, cost_centre=spent.cost_centres["PLATFORM"], category=spent.categories["software"])
    allot(account, "1000", month=MARCH)
    move(account, "spent", "10.00", month=MARCH, is_fact=True)
    assert made(spent, View.SERVICES).tables[0].total == Decimal("207.00")
    centres = made(spent, View.CENTRES)
    assert totals(centres.tables[0]) == {"Platform": Decimal("164.15"), "Product": Decimal("51.85")}
    # At Platform are now entries of two budgets: no one address has them all.
    assert centres.budgets == {"PRODUCT": "SMALL"}
    quarter = made(spent, View.QUARTERS).quarters[0]
    assert (quarter.whole.plan, quarter.whole.actual) == (Decimal("19100.00"), Decimal("216.00"))


def test_figures_are_final_once_the_months_are_closed(spent: SmallBudget, controller: User) -> None:
    assert made(spent, View.SERVICES).freshness.state == "preliminary"
    for month in (JANUARY, date(2026, 2, 1), MARCH):
        close_period(entity=spent.entity, month=month, actor=controller)
    assert made(spent, View.SERVICES).freshness.state == "final"
    assert made(spent, View.TAGS).freshness.state == "final"
    assert [each.state for each in made(spent, View.QUARTERS).quarters] == ["final", *["preliminary"] * 3]


@pytest.mark.parametrize("view", View)
def test_a_month_without_spend_is_empty(spent: SmallBudget, view: View) -> None:
    report = made(spent, view, date(2024, 5, 1))
    assert report.held.ledger == 0
    assert all(not table.total for table in report.tables)
