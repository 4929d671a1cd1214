"""A budget's amounts as a grid: what stands, what was typed over it, and what came in force meanwhile. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

ZERO = Decimal(0)
# A form has 5,000 fields at most.
MOST_CELLS = 4500
Key = tuple[str, str, str]
Place = tuple[Key, date]
Sum = Decimal | None


def cell_name(line: int, month: date) -> str:
    """Return the name of a line's amount in a month, in forms and refusals."""
    return f"cell-{line}-{month:%Y-%m}"


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A line of a version: its months by their first day, in the budget's currency."""

    pk: int
    category: str
    category_name: str
    cost_centre: str
    name: str
    months: Mapping[date, Decimal]

    @property
    def key(self) -> Key:
        """What the line is known by in every version."""
        return self.category, self.cost_centre, self.name


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a cell over what stood there. `amount` is None where it cannot be read."""

    text: str
    stood: Decimal
    amount: Decimal | None
    error: str = ""

    @property
    def is_change(self) -> bool:
        """Say whether it says something else than what stood."""
        return self.amount != self.stood


@dataclass(frozen=True, slots=True)
class Cell:
    """A line's amount in a month as it is shown. `now` and `was` are told where another version came in between."""

    name: str
    month: date
    text: str
    amount: Sum
    stands: Decimal
    is_open: bool
    error: str = ""
    now: Decimal | None = None
    was: Decimal | None = None

    @property
    def is_change(self) -> bool:
        """Say whether it differs from the version in force."""
        return self.amount != self.stands


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its cells."""

    planned: PlannedRow
    cells: Sequence[Cell]
    total: Sum


@dataclass(frozen=True, slots=True)
class Group:
    """A category's lines, and their sums by month."""

    name: str
    rows: Sequence[Row]
    sums: Sequence[Sum]
    total: Sum


@dataclass(frozen=True, slots=True)
class Grid:
    """The whole of it. `lost` is what was typed on lines that are not there any more: line, month, text."""

    months: Sequence[date]
    open_months: Sequence[date]
    groups: Sequence[Group]
    sums: Sequence[Sum]
    total: Sum
    lost: Sequence[tuple[str, date, str]] = ()
    left_out: Sequence[date] = ()

    @property
    def rows(self) -> list[Row]:
        """All lines, in order."""
        return [row for group in self.groups for row in group.rows]

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        return [cell for row in self.rows for cell in row.cells]

    @property
    def wrong(self) -> list[tuple[Row, Cell]]:
        """Each cell that cannot be taken, with its line."""
        return [(row, cell) for row in self.rows for cell in row.cells if cell.error]

    @property
    def changes(self) -> int:
        """How many amounts differ from what is in force."""
        return sum(1 for cell in self.cells if cell.is_change)

    def changed_months(self) -> dict[int, dict[date, Decimal]]:
        """Return what differs, by line and month; for a grid in which nothing is wrong."""
        changed = [
            (row.planned.pk, {cell.month: cell.amount or ZERO for cell in row.cells if cell.is_change}) for row in self.rows
        ]
        return {pk: months for pk, months in changed if months}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a grid shows and takes: all months of the budget, and those that may change. They begin with
    `begins`; `places` are the currency's decimals, `refused` what was found wrong with a cell."""

    months: Sequence[date]
    open_months: frozenset[date]
    places: int = 2
    begins: date = date.min
    refused: Mapping[str, str] = field(default_factory=dict)

    def shut(self, month: date) -> str:
        """Say why a month does not change, blank where it does."""
        if month in self.open_months:
            return ""
        if month < self.begins:
            return f"Amounts change from {self.begins:%b %Y} on. Choose an earlier month to begin with."
        return f"{month:%b %Y} is closed or was never opened. Change an open month, or ask finance to open it."


def open_within(rows: int, months: Sequence[date]) -> tuple[list[date], list[date]]:
    """Return the months that a form of so many rows has room for, and those that it has not."""
    room = MOST_CELLS // max(rows, 1)
    return list(months[:room]), list(months[room:])


def grid_of(
    rows: Sequence[PlannedRow],
    frame: Frame,
    typed: Mapping[Place, Typed] | None = None,
    *,
    seen: Sequence[PlannedRow] | None = None,
    left_out: Sequence[date] = (),
) -> Grid:
    """Return the grid of a version's lines with what was typed over them.

    `seen` are the lines of the version that it was typed over, where another one is in force by now. Then what was typed stays,
    what was left alone is as it is now, and each cell that differs says both.
    """
    typed = typed or {}
    before = {row.key: row.months for row in seen} if seen is not None else None
    shown = [_row(row, frame, typed, before) for row in rows]
    groups = [_group(name, list(part)) for name, part in groupby(shown, key=lambda row: row.planned.category_name)]
    return Grid(
        months=frame.months,
        open_months=sorted(frame.open_months),
        groups=groups,
        sums=_sums([row.cells for row in shown]) or [ZERO] * len(frame.months),
        total=added(row.total for row in shown),
        lost=_lost(rows, frame, typed),
        left_out=left_out,
    )


def _row(row: PlannedRow, frame: Frame, typed: Mapping[Place, Typed], before: Mapping[Key, Mapping[date, Decimal]] | None) -> Row:
    cells = [_cell(row, month, frame, typed.get((row.key, month)), before) for month in frame.months]
    return Row(row, cells, added(cell.amount for cell in cells))


def _cell(
    row: PlannedRow, month: date, frame: Frame, typed: Typed | None, before: Mapping[Key, Mapping[date, Decimal]] | None
) -> Cell:
    name, stands = cell_name(row.pk, month), row.months.get(month, ZERO)
    is_open = month in frame.open_months
    if typed is None or not typed.is_change:
        was = before.get(row.key, {}).get(month, ZERO) if before is not None else stands
        text = typed.text if typed and typed.stood == stands else written(stands, frame.places)
        return Cell(name, month, text, stands, stands, is_open, was=was if was != stands else None)
    error = typed.error or frame.shut(month) or frame.refused.get(name, "")
    news = before is not None and typed.amount != stands
    before_it = typed.stood if news and typed.stood != stands else None
    return Cell(name, month, typed.text, typed.amount, stands, is_open, error, now=stands if news else None, was=before_it)


def _group(name: str, rows: list[Row]) -> Group:
    return Group(name, rows, _sums([row.cells for row in rows]), added(row.total for row in rows))


def _sums(rows: Sequence[Sequence[Cell]]) -> list[Sum]:
    return [added(cell.amount for cell in column) for column in zip(*rows, strict=True)]


def _lost(rows: Sequence[PlannedRow], frame: Frame, typed: Mapping[Place, Typed]) -> list[tuple[str, date, str]]:
    known = {row.key for row in rows}
    return [
        (key[2], month, each.text)
        for (key, month), each in typed.items()
        if each.is_change and (key not in known or month not in frame.months)
    ]


def added(amounts: Iterable[Sum]) -> Sum:
    """Return the sum; None where one of them cannot be read."""
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def written(amount: Decimal, places: int) -> str:
    """Return an amount as it stands in a cell; nothing for none."""
    return f"{amount:,.{places}f}" if amount else ""
