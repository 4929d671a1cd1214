"""A bill that states totals: its groups held against their lines, the whole against its groups. Pure.

What the lines do not explain is a finding each: a group's stated total less its lines, and the bill's total less its
groups. Nothing is spread over the lines to make it fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

from core.names import fold
from reconciliation.rules.mapping import BillMapping
from reconciliation.rules.problems import FileFinding, Problem
from reconciliation.rules.rows import IGNORED, QUARANTINED, ParsedRow, Reading, RowReader
from reconciliation.rules.table import Table, read_table

Key = TypeVar("Key")
STATED_TOTAL = "stated_total"
WHOLE_BILL = "the bill as a whole"
_STATED = Problem(STATED_TOTAL, "The row states a total; it is held against the lines and not posted.")
_UNKNOWN = Problem(
    "unknown_record", "The row is neither a line nor a group nor a total.", "Correct it at its source, or ignore the row."
)


@dataclass(slots=True)
class _Sums:
    """What a file states and what its lines come to, by the first day of the month of the row."""

    stated: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    lines: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    totals: dict[date, Decimal] = field(default_factory=dict)

    def findings(self) -> Iterator[FileFinding]:
        """Yield what does not add up, bill by bill: a file may bring the bills of several months."""
        periods = sorted(self.stated.keys() | self.totals.keys())
        lines: dict[date, dict[str, Decimal]] = {period: {} for period in periods}
        for month, groups in self.lines.items() if periods else ():
            bill = lines[_bill_of(month, periods)]
            for group, amount in groups.items():
                bill[group] = bill.get(group, Decimal(0)) + amount
        for period in periods:
            yield from unexplained(period, self.stated.get(period, {}), lines[period], self.totals.get(period))


def _bill_of(month: date, periods: Sequence[date]) -> date:
    """Return on which bill a line of a month stands: the next that states totals, since bills are dated by their end."""
    return next((period for period in periods if period >= month), periods[-1])


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
    findings.extend(sums.findings())


def _count(row: ParsedRow, mapping: BillMapping, sums: _Sums) -> None:
    kind, group = fold(row.fields.get("record", "")), row.fields.get("group", "")
    # A row without a fault has its day.
    amount, period = row.amount or Decimal(0), cast(date, row.occurred_on).replace(day=1)
    if kind == fold(mapping.line_word):
        _add(sums.lines.setdefault(period, {}), group, amount)
        return
    if kind == fold(mapping.group_word):
        _add(sums.stated.setdefault(period, {}), group, amount)
    elif kind == fold(mapping.total_word):
        _add(sums.totals, period, amount)
    else:
        row.status, row.problem = QUARANTINED, _UNKNOWN
        return
    row.status, row.problem, row.amount = IGNORED, _STATED, None


def _add(sums: dict[Key, Decimal], key: Key, amount: Decimal) -> None:
    sums[key] = sums.get(key, Decimal(0)) + amount


def written_period(period: date) -> str:
    """Return the month of a bill as findings, and the keys of what they raise, have it."""
    return f"{period:%Y-%m}"


def unexplained(period: date, stated: dict[str, Decimal], lines: dict[str, Decimal], total: Decimal | None) -> list[FileFinding]:
    """Return what does not add up on the bill of a month: each group against its lines, then the total against its groups."""
    named = written_period(period)
    found = [
        _finding(
            period,
            group,
            amount - lines.get(group, Decimal(0)),
            f"{group} of {named} states {amount:,}, its lines add up to {lines.get(group, 0):,}.",
        )
        for group, amount in stated.items()
        if amount != lines.get(group, Decimal(0))
    ]
    # A group without a stated total counts with its lines.
    groups = sum(stated.values(), Decimal(0)) + sum(
        (amount for group, amount in lines.items() if group not in stated), Decimal(0)
    )
    if total is not None and total != groups:
        sentence = f"The bill of {named} states {total:,}, its groups add up to {groups:,}."
        found.append(_finding(period, WHOLE_BILL, total - groups, sentence))
    return found


def _finding(period: date, where: str, amount: Decimal, sentence: str) -> FileFinding:
    remedy = "Ask the vendor what it is for, then import the bill that says so."
    return FileFinding("unexplained", where, amount, sentence, remedy, written_period(period))
