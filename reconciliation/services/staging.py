"""From a file's bytes to its rows in the database, compared with what earlier files of its source brought. All or nothing."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q, Sum

from reconciliation.locks import lock_import_file
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.rules.difference import Difference, Mark, difference
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import CsvMapping, checked
from reconciliation.rules.problems import FileFinding
from reconciliation.rules.rows import ParsedRow, Reading
from reconciliation.services.row_marks import mark_changed, mark_known

_COLUMNS = (
    "import_file_id, number, payload, fields, fingerprint, identity, occurred_on, amount, currency, status, reason_code, reason, remedy,"
    " fixes, produced_type"
)


def read(*, source: Source, name: str, content: bytes) -> Reading:
    """Start reading a file as its source says. Raises FileRefused."""
    kind = format_of(source.format)
    mapping = checked(kind.mapping, source.mapping)
    return kind.read(content, name=name, mapping=mapping, currency=source.entity.currency)


@transaction.atomic
def stage_rows(*, import_file_id: int, content: bytes) -> None:
    """Write every row of the file, once, with the end that its own words give it. Raises FileRefused and writes nothing."""
    import_file = lock_import_file(import_file_id)
    if import_file.rows or import_file.raw_rows.exists():
        return
    reading = read(source=import_file.source, name=import_file.name, content=content)
    span = _Span()
    with connection.cursor() as cursor, cursor.copy(f"COPY reconciliation_rawrow ({_COLUMNS}) FROM STDIN") as copy:
        for row in reading.rows:
            span.take(row)
            copy.write_row(_values(import_file.pk, row))
    import_file.rows, import_file.first_on, import_file.last_on = span.rows, span.first, span.last
    import_file.currency = span.currency or import_file.source.entity.currency
    found = _compare(import_file)
    import_file.new, import_file.known = span.standing - len(found.known) - len(found.changed), len(found.known)
    import_file.changed, import_file.vanished = len(found.changed), len(found.vanished)
    findings = reading.findings + vanished_finding(found.vanished)
    import_file.findings = [finding.as_json() for finding in findings]
    import_file.save()


class _Span:
    """Days, currency and counts of the rows that went by."""

    def __init__(self) -> None:
        self.rows = self.standing = 0
        self.first: date | None = None
        self.last: date | None = None
        self.currency = ""

    def take(self, row: ParsedRow) -> None:
        self.rows += 1
        self.standing += row.status != RawRow.Status.IGNORED
        self.currency = self.currency or row.currency
        if row.occurred_on:
            self.first = min(self.first or row.occurred_on, row.occurred_on)
            self.last = max(self.last or row.occurred_on, row.occurred_on)


def _values(import_file_id: int, row: ParsedRow) -> tuple[object, ...]:
    problem = row.problem
    return (
        import_file_id,
        row.number,
        json.dumps(row.payload, ensure_ascii=False),
        json.dumps(row.fields, ensure_ascii=False),
        row.fingerprint,
        row.identity,
        row.occurred_on,
        row.amount,
        row.currency,
        row.status,
        problem.code if problem else "",
        problem.sentence[:400] if problem else "",
        problem.remedy[:400] if problem else "",
        "{}",
        "",
    )


def _compare(import_file: ImportFile) -> Difference:
    if import_file.source.format == Source.Format.CAMT053:
        return Difference()  # a statement is compared as a whole when it is recorded
    earlier = list(earlier_marks(import_file.source, import_file.first_on, import_file.last_on, except_file=import_file.pk))
    if not earlier:
        return Difference()
    present = import_file.raw_rows.exclude(status=RawRow.Status.IGNORED).order_by("number")
    found = difference(earlier, (Mark(*values) for values in present.values_list("pk", "fingerprint", "identity").iterator()))
    mark_known(found.known)
    mark_changed(found.changed)
    found.vanished = vanished_of(import_file.source, found.vanished)
    return found


def earlier_marks(source: Source, first: date | None, last: date | None, *, except_file: int | None = None) -> Iterator[Mark]:
    """Yield the rows that earlier files of the source brought for these days and that still stand, oldest first."""
    standing = RawRow.objects.filter(import_file__source=source, import_file__state__in=["applying", "done"], gone_with__isnull=True)
    standing = standing.filter(Q(status__in=["accepted", "quarantined", "pending"]) | Q(status="ignored", fixed_by__isnull=False))
    within = Q(occurred_on__isnull=True)
    if first and last:
        within |= Q(occurred_on__gte=first, occurred_on__lte=last)
    rows = standing.filter(within).exclude(import_file_id=except_file).order_by("pk")
    for values in rows.values_list("pk", "fingerprint", "identity").iterator():
        yield Mark(*values)


def vanished_of(source: Source, row_ids: list[int]) -> list[int]:
    """Return which of these earlier rows have vanished: none, where files of the source only add; undated rows never."""
    mapping = checked(format_of(source.format).mapping, source.mapping)
    if not row_ids or not isinstance(mapping, CsvMapping) or not mapping.restates:
        return []
    return list(RawRow.objects.filter(pk__in=row_ids, occurred_on__isnull=False).order_by("pk").values_list("pk", flat=True))


def vanished_finding(row_ids: list[int]) -> list[FileFinding]:
    """Return the finding that says which earlier rows this file no longer has."""
    if not row_ids:
        return []
    rows = RawRow.objects.filter(pk__in=row_ids)
    amount = rows.aggregate(whole=Sum("amount"))["whole"] or Decimal("0.00")
    files = ", ".join(sorted(set(rows.values_list("import_file__name", flat=True)))[:3])
    count = "1 row" if len(row_ids) == 1 else f"{len(row_ids):,} rows"
    return [
        FileFinding(
            "vanished",
            f"{count} of {files}"[:200],
            amount,
            f"{count} that an earlier file had for the same days are not in this one.",
            "Ask the sender whether they were taken back; what was posted stands until then.",
        )
    ]
