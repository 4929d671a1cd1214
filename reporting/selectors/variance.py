"""Budget against actual: the one place that reads these figures, for page, chart, table and pack alike."""

from datetime import date, datetime

from budgets.models import Budget, Category
from core import clock
from core.errors import InvalidInput
from reporting.rules import grouping
from reporting.rules.figures import BudgetLabel, Freshness, Report
from reporting.rules.wording import month_name
from reporting.selectors import balances, sources


def budget_against_actual(
    budget: Budget, month: date, as_of: datetime | None = None, *, now: datetime | None = None, category: str = ""
) -> Report:
    """Return the report of `budget` to the end of `month`; `as_of` reads it as it stood at a past moment.

    With the code of a `category`, only what lies at and under it is read: its own row is whole, and no other.

    Amounts are in the budget's currency. Raises InvalidInput for a month outside the budget and Missing where no
    version is in force.
    """
    check_month(budget, month)
    around = sources.surroundings_of(budget, month, past=as_of, category=category)
    accounts = balances.accounts_of(budget, month, as_of=as_of, category=category)
    envelopes, sums = around.envelopes, around.months
    every_month = grouping.month_range(budget.starts_on, budget.ends_on)
    categories = grouping.by_category(accounts, envelopes)
    rows_of = {each.category_path: grouping.row_code(each, envelopes) for each in accounts}
    return Report(
        budget=_label(budget, around.version),
        month=month,
        total=grouping.whole(budget.name, categories),
        by_category=categories,
        by_cost_centre=grouping.by_cost_centre(accounts),
        months=grouping.months_of(sums, every_month, month),
        category_months={
            row.category: grouping.months_of(
                {place: pair for place, pair in sums.items() if rows_of.get(place[0]) == row.category}, every_month, month
            )
            for row in categories
        },
        freshness=Freshness(
            state="final" if around.is_closed else "preliminary",
            as_of=as_of or now or clock.now(),
            sources=around.sources,
            last_posting=around.last_posting,
        ),
        findings=around.findings,
        outside=around.outside,
    )


def check_month(budget: Budget, month: date) -> None:
    """Refuse a month that the budget does not span."""
    if not budget.starts_on <= month <= budget.ends_on:
        raise InvalidInput(
            f"{month_name(month)} is outside the budget {budget.code}.",
            remedy=f"Choose a month from {month_name(budget.starts_on)} to {month_name(budget.ends_on)}.",
            code="month_outside_budget",
        )


def month_to_show(budget: Budget, asked: date | None, *, today: date) -> date:
    """Return the month asked for, else the last whole month that the budget spans."""
    if asked is not None:
        check_month(budget, asked)
        return asked
    return min(max(last_whole_month(today), budget.starts_on), budget.ends_on)


def last_whole_month(today: date) -> date:
    """Return the first day of the month before today's."""
    return date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)


def category_paths(budget: Budget, report: Report) -> dict[str, str]:
    """Return the path of each category that has a row in the report, by its code."""
    codes = [row.category for row in report.by_category]
    return dict(Category.objects.filter(entity=budget.entity_id, code__in=codes).values_list("code", "path"))


def _label(budget: Budget, version: int) -> BudgetLabel:
    entity = budget.entity
    return BudgetLabel(
        code=budget.code,
        name=budget.name,
        entity=entity.name,
        currency=budget.currency,
        first=budget.starts_on,
        last=budget.ends_on,
        version=version,
        zone=entity.time_zone,
    )
