"""A bill that states totals: its groups held against their lines, the whole against its groups. Pure.

What the lines do not explain is a finding each: a group's stated total less its lines, and the bill's total less its
groups. Nothing is spread over the lines to make it fit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from core.names import fold
from reconciliation.rules.mapping import BillMapping
from reconciliation.rules.problems import FileFinding, Problem
from reconciliation.rules.rows import IGNORED, QUARANTINED, ParsedRow, Reading, RowReader
from reconciliation.rules.table import Table, read_table

WHOLE_BILL = "the bill as a whole"
_STATED = Problem("stated_total", "The row states a total; it is held against the lines and not posted.")
_UNKNOWN = Problem(
    "unknown_record", "The row is neither a line nor a group nor a total.", "Correct it at its source, or ignore the row."
)


@dataclass(slots=True)
class _Sums:
    stated: dict[str, Decimal] = field(default_factory=dict)
    lines: dict[str, Decimal] = field(default_factory=dict)
    total: Decimal | None = None


def read_bill(content: bytes, *, name: str, mapping: BillMapping, currency: str) -> Reading:
    """Read a bill: its lines as rows to post, its totals as rows that are compared. Raises FileRefused."""
    table = read_table(content, name=name, mapping=mapping)
    reading = Reading(rows=iter(()))
    reading.rows = _rows(table, mapping, currency, reading.findings)
    return reading


def _rows(table: Table, mapping: BillMapping, currency: str, findings: list[FileFinding]) -> Iterator[ParsedRow]:
    reader, sums = RowReader(table.header, mapping, currency), _Sums()
    for record in table.records:
        row = reader.row(record)
        if row.problem is None or row.problem.code == "zero_amount":
            _count(row, mapping, sums)
        yield row
    findings.extend(unexplained(sums.stated, sums.lines, sums.total))


def _count(row: ParsedRow, mapping: BillMapping, sums: _Sums) -> None:
    kind, group = fold(row.fields.get("record", "")), row.fields.get("group", "")
    amount = row.amount or Decimal(0)
    if kind == fold(mapping.line_word):
        sums.lines[group] = sums.lines.get(group, Decimal(0)) + amount
        return
    if kind == fold(mapping.group_word):
        sums.stated[group] = sums.stated.get(group, Decimal(0)) + amount
    elif kind == fold(mapping.total_word):
        sums.total = (sums.total or Decimal(0)) + amount
    else:
        row.status, row.problem = QUARANTINED, _UNKNOWN
        return
    row.status, row.problem, row.amount = IGNORED, _STATED, None


def unexplained(stated: dict[str, Decimal], lines: dict[str, Decimal], total: Decimal | None) -> list[FileFinding]:
    """Return what does not add up: each group against its lines, then the total against its groups."""
    found = [
        _finding(
            group,
            amount - lines.get(group, Decimal(0)),
            f"{group} states {amount:,}, its lines add up to {lines.get(group, 0):,}.",
        )
        for group, amount in stated.items()
        if amount != lines.get(group, Decimal(0))
    ]
    # A group without a stated total counts with its lines.
    groups = sum(stated.values(), Decimal(0)) + sum(
        (amount for group, amount in lines.items() if group not in stated), Decimal(0)
    )
    if total is not None and total != groups:
        found.append(_finding(WHOLE_BILL, total - groups, f"The bill states {total:,}, its groups add up to {groups:,}."))
    return found


def _finding(where: str, amount: Decimal, sentence: str) -> FileFinding:
    return FileFinding(
        "unexplained", where, amount, sentence, "Ask the vendor what it is for, then import the bill that says so."
    )
