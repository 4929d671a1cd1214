"""From a file's bytes to its rows in the database, compared with what earlier files of its source brought. All or nothing."""

import json
from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction

from reconciliation.locks import lock_import_file
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.rules.difference import Difference, Mark, difference
from reconciliation.rules.references import key_of_number
from reconciliation.rules.rows import ParsedRow
from reconciliation.selectors.comparing import earlier_marks, read_file, vanished_finding, vanished_of
from reconciliation.services.row_marks import mark_changed, mark_known

_TABLE = "reconciliation_rawrow"
_COLUMNS = (
    "import_file_id, number, payload, fields, fingerprint, identity, number_key, occurred_on, document_on, amount, currency,"
    " status, reason_code, reason, remedy, fixes, produced_type"
)


@transaction.atomic
def stage_rows(*, import_file_id: int, content: bytes) -> None:
    """Write every row of the file, once, with the end that its own words give it. Raises FileRefused and writes nothing."""
    import_file = lock_import_file(import_file_id)
    if import_file.rows or import_file.raw_rows.exists():
        return
    reading = read_file(source=import_file.source, name=import_file.name, content=content)
    span = _Span()
    _copy(import_file, reading.rows, span)
    import_file.rows, import_file.first_on, import_file.last_on = span.rows, span.first, span.last
    import_file.currency = span.currency or import_file.source.entity.currency
    found = _compare(import_file)
    import_file.new, import_file.known = span.standing - len(found.known) - len(found.changed), len(found.known)
    import_file.changed, import_file.vanished = len(found.changed), len(found.vanished)
    findings = reading.findings + vanished_finding(found.vanished)
    import_file.findings = [finding.as_json() for finding in findings]
    import_file.save()


def _copy(import_file: ImportFile, rows: Iterable[ParsedRow], span: "_Span") -> None:
    """Bring the rows in by way of a table of this session: PostgreSQL copies into none that row security guards."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE incoming AS SELECT {_COLUMNS} FROM {_TABLE} WITH NO DATA")  # noqa: S608  our own names
        # COPY bypasses Django's cursor, so its errors are made Django's here.
        with connection.wrap_database_errors, cursor.copy(f"COPY pg_temp.incoming ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                span.take(row)
                copy.write_row(_values(import_file.pk, row))
        cursor.execute(f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM pg_temp.incoming ORDER BY number")  # noqa: S608
        cursor.execute("DROP TABLE pg_temp.incoming")


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
        key_of_number(row.fields.get("number", "")),
        row.occurred_on,
        row.document_on,
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
