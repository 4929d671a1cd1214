"""From a table's records to rows that ingest can work on: what each says, or what is wrong with it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b

from core.names import fold
from reconciliation.rules.cells import read_amount, read_date
from reconciliation.rules.mapping import CsvMapping, Role
from reconciliation.rules.problems import FileFinding, Problem
from reconciliation.rules.table import Record, Table, read_table

PENDING, QUARANTINED, IGNORED = "pending", "quarantined", "ignored"
_TOTAL_WORDS = ("total", "grand total", "sum", "totals", "gesamt", "totaal", "sub total", "subtotal")
_PAYLOAD_CELL = 1000
DOCUMENT_DATE = "document_date"
TAG_FIELD = "tag:"  # before the key of a tag, among a row's fields
_NO_CONTENT = Problem("no_content", "The row has no date, no amount, no vendor and no number.")
_TOTAL_ROW = Problem("total_row", "The row is a total of the rows above; importing it would double them.")


@dataclass(slots=True)
class ParsedRow:
    """A row as the file has it. `amount` is in `currency`; None where the row states none that can be read."""

    number: int
    payload: dict[str, str]
    fields: dict[str, str]
    fingerprint: str
    identity: str = ""
    occurred_on: date | None = None
    document_on: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    status: str = PENDING
    problem: Problem | None = None


@dataclass(slots=True)
class Reading:
    """A file being read. `findings` is complete once `rows` has been read to its end."""

    rows: Iterator[ParsedRow]
    findings: list[FileFinding] = field(default_factory=list)


def tags_in(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a row's fields state, by key in small letters."""
    return {name.removeprefix(TAG_FIELD): text for name, text in fields.items() if name.startswith(TAG_FIELD)}


def digest_of(*parts: str) -> str:
    """Return a short hash of texts, in order, to compare rows by."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def read_rows(content: bytes, *, name: str, mapping: CsvMapping, currency: str) -> Reading:
    """Read a CSV by its mapping. `currency` is meant where the file says none. Raises FileRefused."""
    table = read_table(content, name=name, mapping=mapping)
    reading = Reading(rows=iter(()))
    reading.rows = _rows(table, mapping, currency, reading.findings)
    return reading


def _rows(table: Table, mapping: CsvMapping, currency: str, findings: list[FileFinding]) -> Iterator[ParsedRow]:
    reader = RowReader(table.header, mapping, currency)
    running = Decimal(0)
    stated: Decimal | None = None
    for record in table.records:
        row = reader.row(record)
        if _is_total(row, running):
            stated, row.amount = row.amount, None
            row.status, row.problem = IGNORED, _TOTAL_ROW
        elif row.status != IGNORED:
            running += row.amount or 0
            stated = None
        yield row
    if stated is not None and stated != running:
        findings.append(
            FileFinding(
                "total_differs",
                "the total at the end of the file",
                stated - running,
                f"The file states a total of {stated:,}, its rows add up to {running:,}.",
                "Ask the sender for the whole file.",
            )
        )


def _is_total(row: ParsedRow, running: Decimal) -> bool:
    """Say whether a row without a date states what the rows above add up to, by its words or by its amount."""
    if row.occurred_on is not None or row.amount is None:
        return False
    words = [fold(text) for text in list(row.payload.values())[:4]]
    if any(word in _TOTAL_WORDS or word.startswith(("total ", "grand total")) for word in words):
        return True
    says_more = any(row.fields.get(role) for role in ("date", "number", "vendor"))
    return running != 0 and row.amount == running and not says_more


class RowReader:
    """Reads one record after the other by a mapping that was resolved to column positions once."""

    def __init__(self, header: list[str], mapping: CsvMapping, currency: str) -> None:
        at = {fold(name): position for position, name in reversed(list(enumerate(header)))}
        self._mapping, self._currency, self._header = mapping, currency, header
        self._where: dict[Role, list[int]] = {
            role: [at[fold(name)] for name in ([names] if isinstance(names, str) else names)]
            for role, names in mapping.columns.items()
        }
        self._tags = {position: f"{TAG_FIELD}{key}" for position, name in enumerate(header) if (key := mapping.tag_of(name))}
        if mapping.resource and (place := at.get(fold(mapping.resource))) is not None:
            self._tags[place] = "resource"
        if mapping.document_date and (place := at.get(fold(mapping.document_date))) is not None:
            self._tags[place] = DOCUMENT_DATE
        self._amount_role: Role = "amount" if mapping.says("amount") else "net"

    def row(self, record: Record) -> ParsedRow:
        """Return what a record says; a record that cannot be read is quarantined as it is."""
        cells = [cell.strip()[:_PAYLOAD_CELL] for cell in record.cells]
        payload = {name or f"column {i + 1}": cells[i] for i, name in enumerate(self._header) if i < len(cells) and cells[i]}
        if record.problem:
            row = ParsedRow(record.number, payload, {}, digest_of(*cells))
            row.status, row.problem = QUARANTINED, record.problem
            return row
        return self._read(record.number, cells, payload)

    def _fields(self, cells: list[str]) -> dict[str, str]:
        fields: dict[str, str] = dict(self._mapping.fixed)  # type: ignore[arg-type]  # roles are texts
        width = len(cells)
        for role, places in self._where.items():
            if len(places) == 1:
                text = cells[places[0]] if places[0] < width else ""
            else:
                text = " / ".join(cells[place] for place in places if place < width and cells[place])
            if text:
                fields[role] = text
        for place, name in self._tags.items():
            if place < width and cells[place]:
                fields[name] = cells[place]
        return fields

    def _read(self, number: int, cells: list[str], payload: dict[str, str]) -> ParsedRow:
        fields = self._fields(cells)
        row = ParsedRow(number, payload, fields, "", currency=(fields.get("currency") or self._currency).upper()[:3])
        amount = read_amount(fields.get(self._amount_role, ""), decimal=self._mapping.decimal, currency=row.currency)
        when = read_date(fields.get("date", ""), self._mapping.date_format)
        if isinstance(amount, Decimal):
            row.amount = -amount if self._mapping.negate else amount
        if isinstance(when, date):
            row.occurred_on = when
        stated = read_date(fields.get(DOCUMENT_DATE, ""), self._mapping.date_format)
        # What cannot be read is left as the file has it: money is posted by the other date.
        row.document_on = stated if isinstance(stated, date) else None
        row.fingerprint = digest_of(str(row.occurred_on), str(row.amount), *cells)
        if fields.get("number"):
            row.identity = digest_of(fold(fields.get("vendor", "")), fields["number"].casefold())
        self._judge(row, amount, when)
        return row

    def _judge(self, row: ParsedRow, amount: Decimal | Problem, when: date | Problem) -> None:
        said = {role for role in ("date", "vendor", "number", self._amount_role) if role in row.fields and role in self._where}
        if not said:
            row.status, row.problem = IGNORED, _NO_CONTENT
        elif isinstance(amount, Problem):
            row.status, row.problem = QUARANTINED, amount
        elif isinstance(when, Problem):
            row.status, row.problem = QUARANTINED, when
        elif amount == 0:
            row.status = QUARANTINED
            row.problem = Problem("zero_amount", "The amount is zero.", "Ignore the row, or state the amount that was meant.")
