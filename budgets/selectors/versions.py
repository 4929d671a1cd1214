"""A budget version as its page shows it: lines with their basis, and the plan by month, which adds up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from budgets.models import Budget, BudgetCategory, BudgetLine, BudgetVersion, Category
from budgets.rules.sentences import month_name
from budgets.selectors.budgets import READING
from budgets.selectors.overview import reads_whole
from core.access import paths_of
from core.errors import NotFound
from core.models import User
from core.templatetags.figures import money

ZERO = Decimal("0.00")
MOST_COLUMNS = 7
# The order in which a sentence names them; what else a basis keeps is for machines.
BASIS_WORDS = (
    ("fte", "person", "people"),
    ("sprints", "sprint", "sprints"),
    ("days_per_sprint", "day a sprint", "days a sprint"),
)


@dataclass
class PlanLine:
    """A line with its months and, in words, how its amount came about."""

    line: BudgetLine
    months: list[tuple[date, Decimal]]
    basis: str


@dataclass
class PlanGroup:
    """A category of the version: its envelope and its lines."""

    category: Category
    envelope: BudgetCategory | None
    lines: list[PlanLine] = field(default_factory=list)

    @property
    def share_pct(self) -> Decimal | None:
        """How much of the version's stated total its envelope is, in per cent; None without an envelope or a total."""
        whole = self.envelope.version.total if self.envelope else ZERO
        return self.envelope.amount * 100 / whole if self.envelope and whole else None

    @property
    def total(self) -> Decimal:
        return sum((line.line.amount for line in self.lines), ZERO)

    @property
    def over(self) -> Decimal:
        return self.total - self.envelope.amount if self.envelope else ZERO


@dataclass(frozen=True)
class Grid:
    """The plan by month (rows) and category (columns); every row and column adds up to the total."""

    categories: list[str]
    rows: list[tuple[date, list[Decimal], Decimal]]
    totals: list[Decimal]
    total: Decimal


def versions_of(budget: Budget) -> QuerySet[BudgetVersion]:
    """Return the versions of a budget, the newest first."""
    return budget.versions.select_related("budget__entity", "budget__cost_centre", "created_by").order_by("-number")


def access_version(user: User, budget: Budget, number: int) -> BudgetVersion:
    """Return the version with this number of a budget that the person may see. Raises NotFound."""
    version = versions_of(budget).filter(number=number).first()
    if version is None:
        raise NotFound(f"{budget.name} has no version {number}.", remedy="Choose one from the budget's page.")
    return version


def basis_in_words(basis: Mapping[str, Any], currency: str) -> str:
    """Write how an amount came about, blank for a stated one.

    "4 people x 10 sprints x 10 days a sprint x 750.00 a day, from Sep 2026 800.00 a day". A day rate in another currency than
    `currency`, the budget's, is told with it and with its exchange rate.
    """
    if "monthly" in basis:
        return f"{money(basis['monthly'])}\u00a0a month"
    parts = [f"{basis[key]}\u00a0{one if Decimal(basis[key]) == 1 else many}" for key, one, many in BASIS_WORDS if key in basis]
    if "day_rate" in basis:
        parts.append(f"{money(basis['day_rate'])}\u00a0a day")
    elif rates := basis.get("rates"):
        parts.append(_rates_in_words(rates, currency))
    return " \u00d7 ".join(parts) + _kept_in_words(basis.get("kept", ()))


def _rates_in_words(rates: Sequence[Mapping[str, str]], currency: str) -> str:
    first, *later = [_rate_in_words(each, currency) for each in rates]
    since = [f"from {month_name(_month(each['from']))} {words}" for each, words in zip(rates[1:], later, strict=True)]
    return ", ".join([first, *since])


def _rate_in_words(rate: Mapping[str, str], currency: str) -> str:
    if rate["currency"] == currency:
        return f"{money(rate['day_rate'])}\u00a0a day"
    return f"{money(rate['day_rate'])}\u00a0{rate['currency']} a day at {rate['exchange']}"


def _kept_in_words(months: Sequence[str]) -> str:
    """Write which months keep an amount that was stated: "; Jun 2026 to Aug 2026 as they were planned"."""
    if not months:
        return ""
    first, last = month_name(_month(min(months))), month_name(_month(max(months)))
    return f"; {first} as it was planned" if first == last else f"; {first} to {last} as they were planned"


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


def _lines(user: User, budget: Budget, version: BudgetVersion) -> Iterable[BudgetLine]:
    paths = paths_of(user, budget.entity, *READING)
    lines = version.lines.select_related("category", "cost_centre").prefetch_related("months").order_by("category__path", "id")
    return [line for line in lines if any(line.cost_centre.path.startswith(path) for path in paths)]


def plan_groups(user: User, budget: Budget, version: BudgetVersion) -> list[PlanGroup]:
    """Return the lines within the reader's reach, by category; envelopes only to a reader of the whole budget."""
    groups: dict[int, PlanGroup] = {}
    if reads_whole(user, budget):
        envelopes = version.categories.select_related("category")
        groups = {envelope.category_id: PlanGroup(envelope.category, envelope) for envelope in envelopes}
    for line in _lines(user, budget, version):
        group = groups.setdefault(line.category_id, PlanGroup(line.category, None))
        months = [(row.month, row.amount) for row in line.months.all()]
        group.lines.append(PlanLine(line, months, basis_in_words(line.basis, budget.currency)))
    return list(groups.values())


def grid_of(groups: list[PlanGroup]) -> Grid:
    """Return the plan by month. With more categories than fit, one column holds them all."""
    shown = [group for group in groups if group.lines]
    columns = [[group] for group in shown] if len(shown) <= MOST_COLUMNS else [shown]
    names = [group.category.name for group in shown] if len(shown) <= MOST_COLUMNS else ["All categories"]
    sums = [_by_month(column) for column in columns]
    months = sorted({month for column in sums for month in column})
    rows = [_grid_row(month, sums) for month in months]
    totals = [sum(column.values(), ZERO) for column in sums]
    return Grid(names, rows, totals, sum(totals, ZERO))


def _by_month(groups: list[PlanGroup]) -> dict[date, Decimal]:
    sums: dict[date, Decimal] = {}
    for group in groups:
        for line in group.lines:
            for month, amount in line.months:
                sums[month] = sums.get(month, ZERO) + amount
    return sums


def _grid_row(month: date, sums: list[dict[date, Decimal]]) -> tuple[date, list[Decimal], Decimal]:
    cells = [column.get(month, ZERO) for column in sums]
    return month, cells, sum(cells, ZERO)
