"""Budget against actual by cost centre, category and month: every cell in one query, read from the stored balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from budgets.models import Balance, Category, CostCentre, FundsAccount
from budgets.rules.months import months_between

ZERO = Decimal("0.00")


class Cell(NamedTuple):
    """What an account has in one month, in its currency. A plain tuple: a large budget has tens of thousands of them."""

    plan: Decimal = ZERO
    reserved: Decimal = ZERO
    committed: Decimal = ZERO
    actual: Decimal = ZERO

    @property
    def variance(self) -> Decimal:
        """Actual less plan: above zero where it cost more than was planned."""
        return self.actual - self.plan

    @property
    def remaining(self) -> Decimal:
        """What of the plan is neither spent nor held."""
        return self.plan - self.reserved - self.committed - self.actual


class Node(NamedTuple):
    """A cost centre or a category."""

    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """An account of the matrix: its cells stand in the order of the matrix's months."""

    account_id: int
    currency: str
    cost_centre: Node
    category: Node
    cells: list[Cell]

    @property
    def total(self) -> Cell:
        return sum_of(self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Accounts by category and cost centre, each with a cell for every month from the first to the last, empty or not."""

    months: list[date]
    rows: list[Row]

    def by_month(self) -> list[Cell]:
        """Return the sum of each month. Only where all accounts are in one currency does it mean something."""
        return [sum_of([row.cells[place] for row in self.rows]) for place in range(len(self.months))]


def sum_of(cells: Sequence[Cell]) -> Cell:
    """Add cells up, bucket by bucket."""
    return Cell._make(sum(bucket, ZERO) for bucket in zip(*cells, strict=True)) if cells else Cell()


def matrix_of(accounts: QuerySet[FundsAccount], *, first: date, last: date) -> Matrix:
    """Return the figures of `accounts` for each month from `first` to `last`.

    Hand in the accounts within the reader's reach. Amounts are in each account's currency.
    """
    months = months_between(first, last)
    places = {month: number for number, month in enumerate(months)}
    rows = _rows(accounts, len(months))
    cells = {row.account_id: row.cells for row in rows}
    figures = Balance.objects.filter(account_id__in=accounts.order_by().values("pk"), month__range=(first, last)).order_by()
    for row in figures.values_list("account_id", "month", "allotted", "reserved", "committed", "spent"):
        cells[row[0]][places[row[1]]] = Cell._make(row[2:])
    return Matrix(months, rows)


def _rows(accounts: QuerySet[FundsAccount], months: int) -> list[Row]:
    """Return a row of empty cells for each account. Centres and categories are few: their texts are read once, not by account."""
    found = list(accounts.order_by("pk").values_list("pk", "currency", "cost_centre_id", "category_id"))
    centres = _nodes(CostCentre.objects.filter(pk__in={row[2] for row in found}))
    categories = _nodes(Category.objects.filter(pk__in={row[3] for row in found}))
    empty = [Cell()] * months
    rows = [Row(pk, currency, centres[centre], categories[category], empty.copy()) for pk, currency, centre, category in found]
    return sorted(rows, key=lambda row: (row.category.path, row.cost_centre.path))


def _nodes(nodes: "QuerySet[CostCentre] | QuerySet[Category]") -> dict[int, Node]:
    return {pk: Node(*texts) for pk, *texts in nodes.order_by().values_list("pk", "code", "name", "path")}
