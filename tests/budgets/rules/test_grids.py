"""The grid of a budget's amounts: sums kept as one types, and two people typing over one budget."""

from datetime import date
from decimal import Decimal

from budgets.rules.grids import MOST_CELLS, Frame, PlannedRow, Typed, added, grid_of, open_within, written

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
SOFTWARE = ("software", "PLATFORM", "Licences")


def _row(pk: int, march: str, april: str, *, name: str = "Licences") -> PlannedRow:
    return PlannedRow(pk, "software", "Software", "PLATFORM", name, {MARCH: Decimal(march), APRIL: Decimal(april)})


def _frame(*months: date) -> Frame:
    return Frame(months=(MARCH, APRIL, MAY), open_months=frozenset(months or (APRIL, MAY)), begins=APRIL)


def _typed(text: str, stood: str, amount: str | None = None) -> Typed:
    return Typed(text, Decimal(stood), Decimal(amount or text))


def test_rows_columns_and_the_whole_add_up_with_what_was_typed() -> None:
    typed = {(SOFTWARE, APRIL): _typed("250.50", "200")}

    grid = grid_of([_row(1, "100", "200"), _row(2, "10", "20", name="Hosting")], _frame(), typed)

    assert [row.total for row in grid.rows] == [Decimal("350.50"), Decimal(30)]
    assert grid.sums == [Decimal(110), Decimal("270.50"), Decimal(0)]
    assert (grid.total, grid.groups[0].total, grid.changes) == (Decimal("380.50"), Decimal("380.50"), 1)
    assert grid.changed_months() == {1: {APRIL: Decimal("250.50")}}
    assert grid_of([], _frame()).total == Decimal(0)


def test_a_sum_with_a_cell_that_cannot_be_read_is_not_known() -> None:
    grid = grid_of([_row(1, "100", "200")], _frame(), {(SOFTWARE, MAY): Typed("lots", Decimal(0), None, "No amount.")})

    assert (grid.total, grid.sums[2], grid.sums[1]) == (None, None, Decimal(200))
    assert [(cell.name, cell.text, cell.error) for _, cell in grid.wrong] == [("cell-1-2026-05", "lots", "No amount.")]
    assert added([Decimal(1), None]) is None


def test_a_month_that_does_not_change_refuses_what_was_typed_and_keeps_it() -> None:
    typed = {(SOFTWARE, MARCH): _typed("1", "100"), (SOFTWARE, MAY): _typed("5", "0")}

    grid = grid_of([_row(1, "100", "200")], _frame(APRIL), typed)

    said = {cell.month: (cell.text, cell.error) for _, cell in grid.wrong}
    assert said[MARCH] == ("1", "Amounts change from Apr 2026 on. Choose an earlier month to begin with.")
    assert said[MAY][0] == "5"
    assert "May 2026 is closed" in said[MAY][1]


def test_over_another_version_what_was_typed_stays_and_what_was_left_alone_is_as_it_is_now() -> None:
    """Typed over 100 and 200: mine 150 against 120 now; April left alone at 200, 230 now; May mine 9, nothing then and now."""
    seen, now = [_row(1, "100", "200")], [_row(7, "120", "230")]
    typed = {
        (SOFTWARE, MARCH): _typed("150", "100"),
        (SOFTWARE, APRIL): _typed("200.00", "200"),
        (SOFTWARE, MAY): _typed("9", "0"),
    }

    march, april, may = grid_of(now, _frame(MARCH, APRIL, MAY), typed, seen=seen).cells

    assert (march.name, march.text, march.now, march.was) == ("cell-7-2026-03", "150", Decimal(120), Decimal(100))
    assert (april.text, april.amount, april.now, april.was) == ("230.00", Decimal(230), None, Decimal(200))
    assert (may.text, may.now, may.was) == ("9", Decimal(0), None)


def test_both_typed_the_same_and_nothing_differs() -> None:
    typed = {(SOFTWARE, MARCH): _typed("120", "100")}

    cell = grid_of([_row(7, "120", "200")], _frame(MARCH), typed, seen=[_row(1, "100", "200")]).cells[0]

    assert (cell.is_change, cell.now) == (False, None)


def test_what_was_typed_on_a_line_that_is_gone_is_told() -> None:
    gone = ("software", "PLATFORM", "Gone")
    typed = {(gone, APRIL): _typed("5", "0"), (gone, MAY): _typed("0", "0")}

    assert grid_of([_row(7, "1", "1")], _frame(), typed, seen=[_row(1, "1", "1")]).lost == [("Gone", APRIL, "5")]


def test_a_page_takes_no_more_cells_than_a_form_has_fields() -> None:
    months = [date(2026 + at // 12, at % 12 + 1, 1) for at in range(24)]

    assert open_within(10, months) == (months, [])
    assert open_within(500, months) == (months[:9], months[9:])
    assert open_within(MOST_CELLS + 1, months) == ([], months)
    assert open_within(0, months) == (months, [])


def test_amounts_are_written_with_the_decimals_of_their_currency() -> None:
    assert [written(Decimal("1234.5"), 2), written(Decimal(1234), 0), written(Decimal(0), 2)] == ["1,234.50", "1,234", ""]
