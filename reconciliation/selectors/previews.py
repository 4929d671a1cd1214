"""What a file would do, without doing it: the same reading, comparing and judging as the import itself."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

from django.db.models import Count, Sum

from reconciliation.models import ImportFile, RawRow, Source, Statement
from reconciliation.rules.difference import Difference, Mark, difference
from reconciliation.rules.outcome import Outcome
from reconciliation.rules.problems import FileRefused, Problem
from reconciliation.rules.rows import IGNORED, PENDING, ParsedRow
from reconciliation.selectors.coding import Coder
from reconciliation.selectors.comparing import earlier_marks, read_file, vanished_finding, vanished_of
from reconciliation.selectors.judging import judge_rows
from reconciliation.selectors.same_document import invoices_named

_KNOWN = Problem("known", "The row is here already, from an earlier file.")
_CHANGED = Problem("changed", "An earlier file says something else about this document.", "Accept the change, or ignore the row.")
_BATCH = 2000


def preview(*, source: Source, name: str, content: bytes) -> Outcome:
    """Return what importing these bytes from this source would do. Writes nothing; a refusal is in `refused`."""
    done = ImportFile.objects.filter(source=source, sha256=sha256(content).hexdigest(), state=ImportFile.State.DONE).first()
    if done:
        return outcome_again(done)
    outcome = Outcome(format=source.format)
    try:
        reading = read_file(source=source, name=name, content=content)
        rows = list(reading.rows)
    except FileRefused as refusal:
        outcome.refused = str(refusal)
        return outcome
    outcome.currency = next((row.currency for row in rows if row.currency), source.entity.currency)
    found = _compared(source, rows)
    for row, status, problem in _ends(source, rows, found):
        outcome.take(status, row.amount, problem)
    standing = sum(row.status != IGNORED for row in rows)
    outcome.new, outcome.known = standing - len(found.known) - len(found.changed), len(found.known)
    outcome.changed, outcome.vanished = len(found.changed), len(found.vanished)
    outcome.findings = [finding.as_json() for finding in reading.findings + vanished_finding(found.vanished)]
    return outcome


def _compared(source: Source, rows: list[ParsedRow]) -> Difference:
    if source.format == Source.Format.CAMT053:
        return _compared_statements(source, rows)
    days = [row.occurred_on for row in rows if row.occurred_on]
    earlier = earlier_marks(source, min(days, default=None), max(days, default=None))
    found = difference(earlier, (Mark(row.number, row.fingerprint, row.identity) for row in rows if row.status != IGNORED))
    found.vanished = vanished_of(source, found.vanished)
    return found


def _compared_statements(source: Source, rows: list[ParsedRow]) -> Difference:
    known = set(Statement.objects.filter(bank_account__entity=source.entity).values_list("bank_account__iban", "identification"))
    here = [row for row in rows if (row.fields["account"], row.fields["statement"]) in known]
    return Difference(known={row.number: 0 for row in here})


def _ends(source: Source, rows: list[ParsedRow], found: Difference) -> Iterator[tuple[ParsedRow, str, Problem | None]]:
    waiting = []
    for row in rows:
        if row.number in found.known:
            yield row, "duplicate", _KNOWN
        elif row.number in found.changed:
            yield row, "quarantined", _CHANGED
        elif row.status == PENDING:
            waiting.append(row)
        else:
            yield row, row.status, row.problem
    if source.format in (Source.Format.CAMT053, Source.Format.INVOICE_CSV):
        yield from ((row, "accepted", None) for row in waiting)
    else:
        yield from _judged(source, waiting)


def _judged(source: Source, rows: list[ParsedRow]) -> Iterator[tuple[ParsedRow, str, Problem | None]]:
    coder, left = Coder(source), iter(rows)
    while batch := list(islice(left, _BATCH)):
        # Rows that are not saved stand in for themselves, under their numbers.
        stand_ins = [
            RawRow(
                pk=row.number, fields=row.fields, fixes={}, amount=row.amount, occurred_on=row.occurred_on, currency=row.currency
            )
            for row in batch
        ]
        judged = judge_rows(stand_ins, coder, invoices_named(source.entity, stand_ins))
        for row in batch:
            end = judged[row.number]
            yield (row, "quarantined", end) if isinstance(end, Problem) else (row, "accepted", None)


def outcome_of(import_file: ImportFile) -> Outcome:
    """Return what an import did, from its rows as they are now."""
    outcome = Outcome(
        format=import_file.source.format,
        currency=import_file.currency,
        new=import_file.new,
        known=import_file.known,
        changed=import_file.changed,
        vanished=import_file.vanished,
        findings=import_file.findings,
        refused=import_file.refused or None,
    )
    groups = import_file.raw_rows.values("status", "reason_code").annotate(rows=Count("pk"), whole=Sum("amount")).order_by()
    for group in groups:
        problem = _example(import_file, group["status"], group["reason_code"]) if group["reason_code"] else None
        outcome.take(group["status"], group["whole"], problem, rows=group["rows"])
    return outcome


def _example(import_file: ImportFile, status: str, code: str) -> Problem:
    row = import_file.raw_rows.filter(status=status, reason_code=code).order_by("number").values_list("reason", "remedy").first()
    return Problem(code, *(row or ("", "")))


def outcome_again(import_file: ImportFile) -> Outcome:
    """Return what importing a file that is here already does: nothing. Every row is known; what was found is said again."""
    outcome = Outcome(format=import_file.source.format, currency=import_file.currency, findings=import_file.findings)
    standing = import_file.rows - import_file.ignored
    outcome.take("duplicate", import_file.control_total - import_file.ignored_total, _KNOWN, rows=standing)
    outcome.take("ignored", import_file.ignored_total, rows=import_file.ignored)
    outcome.known = standing
    return outcome
