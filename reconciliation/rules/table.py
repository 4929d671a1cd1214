"""A CSV as it comes: titles above the header, any delimiter, quotes left open; a bad record never stops the rest."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from core.names import fold
from reconciliation.rules import content as bytes_
from reconciliation.rules.mapping import CsvMapping
from reconciliation.rules.problems import FileRefused, Problem

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_WITHIN = 30
_MOST_BROKEN = 200
_MOST_CELLS = 500
_LONGEST_CELL = 20_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the file as a spreadsheet counts, its cells, or why it cannot be read."""

    number: int
    cells: list[str]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its header found. Records come after the header, blank ones left out."""

    header: list[str]
    records: Iterator[Record]
    encoding: str
    delimiter: str
    header_row: int


class _Lines:
    """Lines that can be put back, so that a quote left open costs one record and not the rest of the file."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source)
        self.taken.append(line)
        return line

    def put_back_all_but_one(self) -> str:
        """Return the first line of the broken record; those after it will be read again."""
        first = self.taken[0] if self.taken else ""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()
        return first


def read_table(content: bytes, *, name: str, mapping: CsvMapping) -> Table:
    """Find encoding, delimiter and header, compare the header with the mapping, and return the records.

    Raises FileRefused for a file that is not CSV, or whose columns are not the source's.
    """
    bytes_.refuse_other_kinds(content, name=name, expected="CSV")
    encoding, skipped = bytes_.encoding_of(content)
    bytes_.refuse_long_lines(content)
    delimiter, header_row, header = _find_header(content, encoding, skipped, mapping)
    _refuse_other_columns(header, mapping)
    records = islice(_records(bytes_.lines_of(content, encoding, skipped), delimiter), header_row, None)
    return Table(header, _filled(records, len(header)), encoding, delimiter, header_row)


def _find_header(content: bytes, encoding: str, skipped: int, mapping: CsvMapping) -> tuple[str, int, list[str]]:
    wanted = {fold(name) for name in mapping.headings()}
    best: tuple[int, str, int, list[str]] = (0, ",", 1, [])
    for delimiter in [mapping.delimiter] if mapping.delimiter else _DELIMITERS:
        top = islice(_records(bytes_.lines_of(content, encoding, skipped), delimiter), _HEADER_WITHIN)
        for record in top:
            hits = len(wanted.intersection(fold(cell) for cell in record.cells))
            if hits > best[0]:
                best = (hits, delimiter, record.number, [cell.strip() for cell in record.cells])
    return best[1], best[2], best[3]


def _refuse_other_columns(header: list[str], mapping: CsvMapping) -> None:
    found = [fold(cell) for cell in header if cell]
    expected = mapping.signature or mapping.headings()
    missing = [name for name in expected if fold(name) not in found]
    unknown = (
        [cell for cell in header if cell and fold(cell) not in {fold(name) for name in expected} and not mapping.is_beside(cell)]
        if mapping.signature
        else []
    )
    twice = sorted({name for name in mapping.headings() if found.count(fold(name)) > 1})
    if not (missing or unknown or twice):
        return
    parts = [
        f"{what}: {', '.join(f'“{name[:60]}”' for name in names[:12])}"
        for what, names in (("missing", missing), ("not known", unknown), ("there twice", twice))
        if names
    ]
    raise FileRefused(
        f"The columns are not those of this source; {'; '.join(parts)}.",
        remedy="Choose the source this file belongs to, or change the source's mapping.",
        code="wrong_columns",
        details={"missing": missing, "unknown": unknown, "twice": twice},
    )


def _records(source: Iterable[str], delimiter: str) -> Iterator[Record]:
    lines = _Lines(source)
    number = broken = 0
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                number += 1
                lines.taken.clear()
                yield Record(number, cells)
            return
        except csv.Error:
            number += 1
            broken += 1
            if broken > _MOST_BROKEN:
                raise FileRefused(
                    f"More than {_MOST_BROKEN} records have broken quotes, the last at record {number}.",
                    remedy="Export the file again as CSV with quoted text.",
                    code="broken_quotes",
                ) from None
            first = lines.put_back_all_but_one()
            yield Record(number, [first.rstrip("\n")[:_LONGEST_CELL]], _BROKEN)


def _filled(records: Iterator[Record], width: int) -> Iterator[Record]:
    for record in records:
        if record.problem is None and not any(cell.strip() for cell in record.cells):
            continue
        yield _checked(record, width)


def _checked(record: Record, width: int) -> Record:
    if record.problem:
        return record
    cells = record.cells
    if len(cells) > _MOST_CELLS or any(len(cell) > _LONGEST_CELL for cell in cells):
        return Record(record.number, [cell[:200] for cell in cells[:width]], _TOO_LONG)
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return Record(record.number, cells[:_MOST_CELLS], _TOO_MANY)
    return record


_BROKEN = Problem(
    "broken_quotes",
    "A quote is opened here and not closed.",
    "Correct the row at its source and import the file again, or ignore it.",
)
_TOO_LONG = Problem(
    "too_long", "A cell is longer than 20,000 characters.", "Shorten it at its source and import the file again, or ignore it."
)
_TOO_MANY = Problem(
    "too_many_cells",
    "The row has more cells than the header; a text with the delimiter in it is not quoted.",
    "Correct the row at its source and import the file again, or ignore it.",
)
