"""Budget against actual, read from the stored balances and held against the entries themselves."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q, Sum

from budgets.models import Category, Entry, Period
from budgets.services.accounts import ensure_account
from core import clock
from core.errors import InvalidInput, Missing
from reporting.rules.figures import Report
from reporting.rules.rag import Status
from reporting.selectors.variance import budget_against_actual, month_to_show
from tests.factories.budgets import BudgetFactory, CategoryFactory, move
from tests.fixtures.reporting import Reported


def summed(reported: Reported, bucket: str, **where: Any) -> Decimal:
    entries = Entry.objects.filter(account__budget=reported.budget, bucket=bucket, **where)
    return entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def test_figures_are_the_sums_of_the_entries(reported: Reported) -> None:
    report = budget_against_actual(reported.budget, reported.month)
    total = report.total.figures
    assert total.plan_to_date == summed(reported, "allotted", month__lte=reported.month) == 18000
    assert total.actual_to_date == summed(reported, "spent", month__lte=reported.month) == Decimal("19000.02")
    assert total.committed == summed(reported, "committed") == 250
    assert total.reserved == summed(reported, "reserved") == 50
    assert total.remaining == summed(reported, "allotted") - 250 - 50 - Decimal("19000.02")


@pytest.mark.parametrize("rows", ["by_category", "by_cost_centre"])
def test_rows_and_lines_add_up_to_the_total(reported: Reported, rows: str) -> None:
    report = budget_against_actual(reported.budget, reported.month)
    found = getattr(report, rows)
    for name in ("plan_to_date", "actual_to_date", "variance", "committed", "reserved", "remaining"):
        assert sum(getattr(row.figures, name) for row in found) == getattr(report.total.figures, name)
        for row in found:
            assert sum(getattr(line.figures, name) for line in row.lines) == getattr(row.figures, name)


def test_status_follows_each_category_s_threshold(reported: Reported) -> None:
    report = budget_against_actual(reported.budget, reported.month)
    assert {row.category: (row.figures.variance, row.status) for row in report.by_category} == {
        "people": (Decimal("100.02"), Status.GREEN),
        "software": (Decimal("900.00"), Status.RED),
        "training": (Decimal("0.00"), Status.UNSET),
    }
    assert report.total.threshold is None
    assert [each.sentence for each in report.findings] == ["People: 48.00 too much."]


def test_a_category_by_itself_is_what_the_whole_says_of_it(reported: Reported) -> None:
    """Only its own lines are read; those of a category below it without an envelope of its own belong to it."""
    software = Category.objects.get(entity=reported.budget.entity, code="software")
    below = CategoryFactory.create(entity=software.entity, code="licences", parent=software, path=f"{software.path}licences/")
    account = ensure_account(budget=reported.budget, cost_centre=reported.budget.cost_centre, category=below)
    move(account, "spent", 70, is_fact=True, month=reported.month)
    whole = budget_against_actual(reported.budget, reported.month)

    for row in whole.by_category:
        alone = budget_against_actual(reported.budget, reported.month, category=row.category)
        assert next(each for each in alone.by_category if each.category == row.category) == row
        assert alone.category_months[row.category] == whole.category_months[row.category]
        assert (alone.freshness.state, alone.budget) == (whole.freshness.state, whole.budget)
    assert "licences" not in {row.category for row in whole.by_category}


def test_chart_and_table_are_the_same_figures(reported: Reported) -> None:
    report = budget_against_actual(reported.budget, reported.month)
    to_date = [each for each in report.months if each.month <= reported.month]
    assert sum(each.plan for each in to_date) == report.total.figures.plan_to_date
    assert sum(each.actual or 0 for each in to_date) == report.total.figures.actual_to_date
    assert all(each.actual is None for each in report.months if each.month > reported.month)
    for row in report.by_category:
        months = report.category_months[row.category]
        assert sum(each.actual or 0 for each in months if each.actual is not None) == row.figures.actual_to_date


def test_a_past_moment_is_read_back(reported: Reported) -> None:
    before = budget_against_actual(reported.budget, reported.month)
    moment = clock.now()
    move(reported.small.account, "spent", "40.00", month=date(2026, 2, 1), is_fact=True)
    move(reported.small.account, "reserved", "-50.00", month=date(2026, 6, 1), kind="release")
    after = budget_against_actual(reported.budget, reported.month)
    assert after.total.figures.actual_to_date - before.total.figures.actual_to_date == 40
    past = budget_against_actual(reported.budget, reported.month, moment)

    def amounts(report: Report) -> list[object]:
        return [report.total, report.by_category, report.by_cost_centre, report.months, report.category_months]

    assert amounts(past) == amounts(before)
    assert past.freshness.last_posting == before.freshness.last_posting


def test_a_month_is_final_when_it_is_closed(reported: Reported) -> None:
    assert budget_against_actual(reported.budget, reported.month).freshness.state == "preliminary"
    Period.objects.filter(Q(entity=reported.budget.entity_id, month=reported.month)).update(state="closed", closed_at=clock.now())
    assert budget_against_actual(reported.budget, reported.month).freshness.is_final


def test_a_month_outside_the_budget_is_refused_with_its_span(reported: Reported) -> None:
    with pytest.raises(InvalidInput, match="January 2026 to December 2026"):
        budget_against_actual(reported.budget, date(2027, 1, 1))


def test_a_budget_without_a_version_in_force_is_refused(reported: Reported) -> None:
    other = BudgetFactory.create(entity=reported.budget.entity, cost_centre=reported.small.parent)
    other.versions.all().delete()
    with pytest.raises(Missing, match="No version"):
        budget_against_actual(other, reported.month)


def test_the_month_shown_is_the_last_whole_one(reported: Reported) -> None:
    def shown(year: int, month: int) -> date:
        return month_to_show(reported.budget, None, today=date(year, month, 15))

    assert [shown(2026, 4), shown(2026, 1), shown(2027, 5)] == [date(2026, 3, 1), date(2026, 1, 1), date(2026, 12, 1)]


def test_queries_do_not_grow_with_accounts(reported: Reported, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(10):
        budget_against_actual(reported.budget, reported.month)
