"""A bank file's statements are recorded one by one, each with its entries, or quarantined as a whole."""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import transaction

from core.errors import Refusal
from core.models import User
from reconciliation.locks import lock_import_file, lock_rows
from reconciliation.models import ImportFile, RawRow, Statement
from reconciliation.rules.camt import ParsedStatement
from reconciliation.rules.content import unpacked
from reconciliation.rules.formats import statement_problem, statements_of
from reconciliation.rules.mapping import CamtMapping, checked
from reconciliation.rules.problems import FileFinding, Problem
from reconciliation.services.row_marks import mark_accepted, mark_duplicate, mark_quarantined
from reconciliation.services.statements import record_statement

_KNOWN = Problem("known", "The statement is here already, from an earlier file.")
_REMEDY = "Ask the bank which of the two statements holds."


def post_statements(*, import_file: ImportFile, content: bytes, actor: User | None, progress: Callable[[int], None]) -> None:
    """Record each statement of the file in a transaction of its own. Run again, those that are here are left."""
    mapping = checked(CamtMapping, import_file.source.mapping)
    plain = unpacked(content, name=import_file.name, limit=settings.MAX_IMPORT_BYTES)
    number = 0
    for statement in statements_of(plain, name=import_file.name):
        numbers = range(number + 1, number + len(statement.entries) + 1)
        number += len(statement.entries)
        if statement_problem(statement, mapping) is None:
            _record(import_file_id=import_file.pk, statement=statement, numbers=numbers, actor=actor)
        progress(number)


def gap_before(statement: Statement) -> Iterator[FileFinding]:
    """Yield the finding that a statement does not begin where the one before it ended."""
    before = statement.previous
    if before is None or before.closing is None or statement.opening is None or before.closing == statement.opening:
        return
    yield FileFinding(
        "statement_gap",
        f"statement {statement.identification}",
        statement.opening - before.closing,
        f"It opens with {statement.opening:,.2f}, the one before closed with {before.closing:,.2f}.",
        "Ask the bank for the statements between them.",
    )


@transaction.atomic
def _record(*, import_file_id: int, statement: ParsedStatement, numbers: range, actor: User | None) -> None:
    import_file = lock_import_file(import_file_id)
    waiting = import_file.raw_rows.filter(number__in=numbers, status=RawRow.Status.PENDING).values_list("pk", flat=True)
    rows = lock_rows(list(waiting))
    if statement.entries and not rows:
        return  # recorded by the run that was cut off
    try:
        with transaction.atomic():
            result = record_statement(entity=import_file.source.entity, statement=statement, import_file=import_file, actor=actor)
    except Refusal as refusal:
        mark_quarantined([(row, Problem(refusal.code, refusal.message, refusal.remedy or _REMEDY)) for row in rows])
        return
    if result.is_new:
        mark_accepted(rows, produced_type="statement", produced_id=result.statement.pk)
        import_file.findings = import_file.findings + [finding.as_json() for finding in gap_before(result.statement)]
        import_file.save(update_fields=["findings"])
    else:
        mark_duplicate([(row, _KNOWN) for row in rows])
    ImportFile.objects.filter(pk=import_file.pk).update(
        new=import_file.new - (0 if result.is_new else len(rows)), known=import_file.known + (0 if result.is_new else len(rows))
    )
