"""Budget against actual: each cell is what its account has in that month, and nothing is left out."""

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from budgets.models import FundsAccount
from budgets.selectors.matrix import Cell, Matrix, matrix_of
from tests.factories.budgets import DECEMBER, JANUARY, move
from tests.fixtures.budgets import MONTHLY, SmallBudget

MARCH = date(2026, 3, 1)


def year_of(small_budget: SmallBudget) -> Matrix:
    return matrix_of(FundsAccount.objects.filter(budget=small_budget.budget), first=JANUARY, last=DECEMBER)


def row_of(matrix: Matrix, account: FundsAccount) -> dict[date, Cell]:
    row = next(row for row in matrix.rows if row.account_id == account.pk)
    return dict(zip(matrix.months, row.cells, strict=True))


def test_every_account_has_a_cell_for_every_month(small_budget: SmallBudget) -> None:
    matrix = year_of(small_budget)
    assert {row.account_id for row in matrix.rows} == {account.pk for account in small_budget.accounts.values()}
    assert [len(row.cells) for row in matrix.rows] == [12] * len(matrix.rows)
    assert {cell for row in matrix.rows for cell in row.cells} == {Cell(plan=MONTHLY)}


def test_a_posting_shows_in_its_own_cell_and_in_no_other(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "reserved", 100, month=MARCH)
    move(account, "committed", 200, month=MARCH)
    move(account, "spent", 1300, month=MARCH, is_fact=True)
    matrix = year_of(small_budget)
    cell = row_of(matrix, account)[MARCH]
    assert cell == Cell(plan=MONTHLY, encumbered=Decimal("300.00"), actual=Decimal("1300.00"))
    assert (cell.variance, cell.remaining) == (Decimal("300.00"), Decimal("-600.00"))
    others = [cell for row in matrix.rows for cell in row.cells if cell != Cell(plan=MONTHLY)]
    assert others == [cell]


def test_rows_and_months_add_up_to_the_same_whole(small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", 40, month=MARCH)
    move(small_budget.accounts["PRODUCT", "training"], "spent", 2, month=JANUARY)
    matrix = year_of(small_budget)
    by_row = [row.total.actual for row in matrix.rows]
    by_month = dict(zip(matrix.months, matrix.by_month(), strict=True))
    assert sum(by_row) == sum(cell.actual for cell in by_month.values()) == Decimal("42.00")
    assert (by_month[JANUARY].actual, by_month[MARCH].actual) == (Decimal("2.00"), Decimal("40.00"))
    assert by_month[DECEMBER].plan == MONTHLY * len(matrix.rows)


def test_months_outside_the_span_are_left_out(small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", 40, month=JANUARY)
    matrix = matrix_of(FundsAccount.objects.filter(budget=small_budget.budget), first=MARCH, last=MARCH)
    assert matrix.months == [MARCH]
    assert row_of(matrix, small_budget.account) == {MARCH: Cell(plan=MONTHLY)}


def test_rows_come_by_category_and_cost_centre_with_their_texts(small_budget: SmallBudget) -> None:
    places = [(row.category.code, row.cost_centre.code) for row in year_of(small_budget).rows]
    assert places == [(category, centre) for category in ("people", "software", "training") for centre in ("PLATFORM", "PRODUCT")]
    first = year_of(small_budget).rows[0]
    assert (first.category.name, first.cost_centre.path, first.currency) == ("People", "/ENG/PLATFORM/", "USD")


def test_only_the_accounts_handed_in_are_shown(small_budget: SmallBudget) -> None:
    matrix = matrix_of(FundsAccount.objects.filter(pk=small_budget.account.pk), first=JANUARY, last=DECEMBER)
    assert [row.account_id for row in matrix.rows] == [small_budget.account.pk]
    nothing = matrix_of(FundsAccount.objects.none(), first=JANUARY, last=MARCH)
    assert (nothing.rows, nothing.by_month()) == ([], [Cell()] * 3)


@pytest.mark.parametrize("months", [1, 12])
def test_it_takes_two_queries_however_much_there_is(
    small_budget: SmallBudget, months: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    accounts = FundsAccount.objects.filter(budget=small_budget.budget)
    with django_assert_num_queries(2):
        matrix_of(accounts, first=JANUARY, last=date(2026, months, 1))
