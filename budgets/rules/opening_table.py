"""Opening balances as a table: read row by row, each row with what is wrong in it, and none lost. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from budgets.rules.opening import BUCKETS, ZERO
from core.errors import InvalidInput
from core.money import parse_amount
from core.rules.sheets import uncell

PLACE = ("category", "cost_centre")
REFERENCE = "reference"
LINE = "line"
HEAD = (*PLACE, LINE, REFERENCE, *BUCKETS)
MOST_ROWS = 2000
LONGEST_REFERENCE = 300
BEGIN = "Begin with the table that this page gives out."


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of the table: its number (the head is row 1), its cells as they were written, and what they say.

    `error` says what cannot be read in it; then `amounts` holds only what can. Amounts are in the budget's currency.
    """

    number: int
    cells: Mapping[str, str]
    amounts: Mapping[str, Decimal]
    error: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Return its category and its cost centre, as they were written."""
        return self.cells.get("category", ""), self.cells.get("cost_centre", "")

    @property
    def reference(self) -> str:
        return self.cells.get(REFERENCE, "")

    @property
    def says_something(self) -> bool:
        return bool(self.error) or any(self.amounts.values())


def read_table(text: str, *, currency: str) -> list[ReadRow]:
    """Return the table's rows, in their order. Raises InvalidInput where it has no head that can be read, or too many rows.

    Takes commas, semicolons or tabs between cells, as spreadsheets save and copy them. An amount that is blank is zero; one
    that is below zero is taken for what was allotted, spent or paid.
    """
    table = _cells_of(text)
    head = [name.strip().lower().replace(" ", "_") for name in table[0][1]] if table else []
    _check_head(head)
    if len(table) - 1 > MOST_ROWS:
        raise InvalidInput(f"The table has {len(table) - 1:,} rows.", remedy=f"Keep it to {MOST_ROWS:,}, and open in parts.")
    return [_row(number, head, cells, currency) for number, cells in table[1:]]


def text_of_rows(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of a workbook or of a file as the text that `read_table` reads and people mend."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cells_of(text: str) -> list[tuple[int, list[str]]]:
    if "\x00" in text:
        raise InvalidInput("The table holds what is not text.", remedy="Save it as CSV in UTF-8.")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InvalidInput("The table is not CSV.", remedy="Save it as CSV, or copy the cells as they are.") from error
    return [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]


def _check_head(head: list[str]) -> None:
    wanted = f"{', '.join(PLACE)}, and any of {', '.join((REFERENCE, *BUCKETS))}"
    strange = [name for name in head if name not in HEAD]
    if strange:
        raise InvalidInput(f"“{strange[0][:40]}” is no column of this table.", remedy=f"Its first row names {wanted}.")
    if not set(PLACE) <= set(head) or not set(BUCKETS) & set(head) or len(set(head)) != len(head):
        raise InvalidInput(f"The first row must name each column once: {wanted}.", remedy=BEGIN)


def _row(number: int, head: list[str], cells: list[str], currency: str) -> ReadRow:
    said = dict(zip(head, (uncell(cell.strip()) for cell in cells), strict=False))
    amounts: dict[str, Decimal] = {}
    wrong = ["It has more cells than there are columns."] if any(cell.strip() for cell in cells[len(head) :]) else []
    for bucket in BUCKETS:
        try:
            amounts[bucket] = _amount(said.get(bucket, ""), bucket, currency)
        except InvalidInput as refusal:
            wrong.append(f"In {bucket}: {refusal}")
    if not wrong:
        wrong = _faults(said, amounts)
    return ReadRow(number, said, amounts, " ".join(wrong))


def _amount(text: str, bucket: str, currency: str) -> Decimal:
    if not text or text == "-":
        return ZERO
    return parse_amount(text, currency=currency, allow_zero=True, allow_negative=bucket != "committed")


def _faults(said: Mapping[str, str], amounts: Mapping[str, Decimal]) -> list[str]:
    if not all(said.get(name) for name in PLACE):
        return ["Name its category and its cost centre."]
    if len(said.get(REFERENCE, "")) > LONGEST_REFERENCE:
        return [f"Its reference is longer than {LONGEST_REFERENCE} characters. Shorten it."]
    fault = fault_of(amounts)
    return [fault] if fault else []


def fault_of(amounts: Mapping[str, Decimal]) -> str:
    """Return what is wrong between a row's amounts, or a blank text."""
    paid, spent = amounts["paid"], amounts["spent"]
    if paid > max(spent, ZERO):
        return f"It says {paid:,.2f} paid of {spent:,.2f} spent. What is paid is part of what was spent."
    return ""
