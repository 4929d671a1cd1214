"""Budget against actual: the one place that reads these figures, for page, chart, table and pack alike."""

from datetime import date, datetime

from budgets.models import Budget, BudgetCategory, BudgetVersion, Category, Finding, Period
from core import clock
from core.errors import InvalidInput, Missing
from reporting.rules import grouping
from reporting.rules.figures import BudgetLabel, FindingLine, Freshness, Report
from reporting.rules.wording import month_name
from reporting.selectors import balances, sources


def budget_against_actual(budget: Budget, month: date, as_of: datetime | None = None, *, now: datetime | None = None) -> Report:
    """Return the report of `budget` to the end of `month`; `as_of` reads it as it stood at a past moment.

    Amounts are in the budget's currency. Raises InvalidInput for a month outside the budget and Missing where no
    version is in force.
    """
    check_month(budget, month)
    version = version_in_force(budget)
    envelopes = _envelopes(version)
    accounts = balances.accounts_of(budget, month, as_of=as_of)
    sums = balances.months_of(budget, as_of=as_of)
    every_month = grouping.month_range(budget.starts_on, budget.ends_on)
    categories = grouping.by_category(accounts, envelopes)
    rows_of = {each.category_path: grouping.row_code(each, envelopes) for each in accounts}
    return Report(
        budget=_label(budget, version),
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
        freshness=freshness_of(budget, month, as_of=as_of or now or clock.now(), past=as_of),
        findings=_findings(version),
        outside=sources.outside_of(budget, month),
    )


def check_month(budget: Budget, month: date) -> None:
    """Refuse a month that the budget does not span."""
    if not budget.starts_on <= month <= budget.ends_on:
        raise InvalidInput(
            f"{month_name(month)} is outside the budget {budget.code}.",
            remedy=f"Choose a month from {month_name(budget.starts_on)} to {month_name(budget.ends_on)}.",
            code="month_outside_budget",
        )


def version_in_force(budget: Budget) -> BudgetVersion:
    """Return the version in force, or refuse."""
    version = BudgetVersion.objects.filter(budget=budget, state=BudgetVersion.State.IN_FORCE).first()
    if version is None:
        raise Missing(f"No version of the budget {budget.code} is in force.", remedy="Put one in force first.")
    return version


def freshness_of(budget: Budget, month: date, *, as_of: datetime, past: datetime | None = None) -> Freshness:
    """Return whether the month is closed, when the figures were read, and what they came from."""
    closed = Period.objects.filter(entity=budget.entity_id, month=month, state=Period.State.CLOSED).exists()
    return Freshness(
        state="final" if closed else "preliminary",
        as_of=as_of,
        sources=sources.sources_of(budget),
        last_posting=balances.last_posting_of(budget, as_of=past),
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


def _envelopes(version: BudgetVersion) -> list[grouping.Envelope]:
    rows = BudgetCategory.objects.filter(version=version).select_related("category").order_by("id")
    return [grouping.Envelope(row.category.code, row.category.name, row.category.path, row.variance_threshold) for row in rows]


def _label(budget: Budget, version: BudgetVersion) -> BudgetLabel:
    entity = budget.entity
    return BudgetLabel(
        code=budget.code,
        name=budget.name,
        entity=entity.name,
        currency=budget.currency,
        first=budget.starts_on,
        last=budget.ends_on,
        version=version.number,
        zone=entity.time_zone,
    )


def _findings(version: BudgetVersion) -> tuple[FindingLine, ...]:
    rows = Finding.objects.filter(version=version).order_by("id")
    return tuple(FindingLine(row.code, row.where, row.amount, row.sentence) for row in rows)
