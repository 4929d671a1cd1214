"""Budget against actual by cost centre, category and month: every cell in one query, read from the stored balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from budgets.models import FundsAccount
from budgets.rules.achieving import achieved
from budgets.rules.months import months_between

ZERO = Decimal("0.00")


class Cell(NamedTuple):
    """What an account has in one month, in its currency. A plain tuple: a large budget has tens of thousands of them.

    `encumbered` is what is reserved or committed: held, and not spent yet.
    """

    plan: Decimal = ZERO
    encumbered: Decimal = ZERO
    actual: Decimal = ZERO

    @property
    def variance(self) -> Decimal:
        """Actual less plan: above zero where it cost more than was planned."""
        return self.actual - self.plan

    @property
    def achieved(self) -> Decimal | None:
        """Actual in per cent of plan; None where nothing was planned."""
        return achieved(self.plan, self.actual)

    @property
    def remaining(self) -> Decimal:
        """What of the plan is neither spent nor held."""
        return self.plan - self.encumbered - self.actual


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
    """Add cells up, figure by figure."""
    return Cell._make(sum(figures, ZERO) for figures in zip(*cells, strict=True)) if cells else Cell()


def matrix_of(accounts: QuerySet[FundsAccount], *, first: date, last: date) -> Matrix:
    """Return the figures of `accounts` for each month from `first` to `last`.

    Hand in the accounts within the reader's reach. Amounts are in each account's currency.
    """
    months = months_between(first, last)
    places = {month: number for number, month in enumerate(months)}
    rows = _rows(accounts, len(months))
    cells = {row.account_id: row.cells for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [list(cells), first, last])
        for figures in cursor.fetchall():
            cells[figures[0]][places[figures[1]]] = Cell._make(figures[2:])
    return Matrix(months, rows)


# Added up in the database, and fetched at once: most of the time goes into making Python's numbers.
_FIGURES = """
SELECT account_id, month, allotted, reserved + committed, spent FROM budgets_balance
WHERE account_id = ANY(%s) AND month BETWEEN %s AND %s
"""
_PLACED = [
    "pk",
    "currency",
    *(f"{node}__{text}" for node in ("cost_centre", "category") for text in Node._fields),
]


def _rows(accounts: QuerySet[FundsAccount], months: int) -> list[Row]:
    """Return a row of empty cells for each account."""
    placed = accounts.order_by("category__path", "cost_centre__path", "pk").values_list(*_PLACED)
    empty = [Cell()] * months
    return [Row(row[0], row[1], Node._make(row[2:5]), Node._make(row[5:]), empty.copy()) for row in placed]
