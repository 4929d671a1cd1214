"""Spend rows become spend: journals of some hundreds of rows each, facts of the ledger, keyed so that each posts once."""

from collections.abc import Callable, Sequence

from django.db import transaction

from budgets.services.ledger import post
from core.errors import Refusal
from core.models import User
from reconciliation.locks import lock_documents, lock_import_file, lock_pending_rows
from reconciliation.models import ImportFile, RawRow
from reconciliation.rules.problems import Coding, Problem
from reconciliation.selectors.coding import Coder
from reconciliation.selectors.judging import judge_rows
from reconciliation.selectors.same_document import invoices_named
from reconciliation.services.confirming import confirm_unposted, judge_besides
from reconciliation.services.row_marks import mark_posted, mark_quarantined
from reconciliation.services.row_postings import posting_of
from reconciliation.services.tagging import note_rows

ROWS_A_JOURNAL = 500
Coded = tuple[RawRow, Coding]


def post_spend_rows(*, import_file: ImportFile, actor: User | None, progress: Callable[[int], None]) -> None:
    """Work through the file's waiting rows, a batch a transaction. Cut off anywhere, it goes on from there when run again."""
    coder = Coder(import_file.source)
    after = done = 0
    while True:
        last, count = _post_batch(import_file_id=import_file.pk, coder=coder, after=after, actor=actor)
        if not count:
            return
        after, done = last, done + count
        progress(done)


@transaction.atomic
def _post_batch(*, import_file_id: int, coder: Coder, after: int, actor: User | None) -> tuple[int, int]:
    import_file = lock_import_file(import_file_id)
    lock_documents(import_file.source.entity_id)
    rows = lock_pending_rows(import_file_id, after=after, limit=ROWS_A_JOURNAL)
    if not rows:
        return after, 0
    key = f"import/{import_file.source_id}/{import_file.sha256}/{rows[0].number}"
    settle_rows(import_file=import_file, rows=rows, coder=coder, key=key, actor=actor)
    return rows[-1].number, len(rows)


def settle_rows(*, import_file: ImportFile, rows: Sequence[RawRow], coder: Coder, key: str, actor: User | None) -> None:
    """Give each locked row its end: confirmed by an invoice, posted, or quarantined with its reason. Within a transaction.

    Call it with the documents locked. A row that is posted and names a coded invoice becomes that invoice's exception.
    """
    named = invoices_named(import_file.source.entity, rows)
    judged = judge_rows(rows, coder, named)
    coded = [(row, found) for row in rows if isinstance(found := judged[row.pk], Coding)]
    refused = [(row, found) for row in rows if isinstance(found := judged[row.pk], Problem)]
    confirmed = {pk: found for pk, found in judged.items() if isinstance(found, int)}
    if confirmed:
        confirm_unposted(rows, confirmed)
    mark_quarantined(refused + _post(import_file, coded, key, actor))
    for invoice in {invoice.pk: invoice for row, _ in coded for invoice in named.get(row.pk, ())}.values():
        judge_besides(invoice)


def _post(import_file: ImportFile, coded: list[Coded], key: str, actor: User | None) -> list[tuple[RawRow, Problem]]:
    """Post the rows as one journal; where the ledger refuses that, one by one, and return those it refuses."""
    if not coded:
        return []
    try:
        _post_journal(import_file, coded, key, actor)
    except Refusal as refusal:
        if len(coded) == 1:
            return [(coded[0][0], Problem(refusal.code, refusal.message, refusal.remedy or "Try again later."))]
        return [each for pair in coded for each in _post(import_file, [pair], f"{key}/{pair[0].number}", actor)]
    return []


@transaction.atomic
def _post_journal(import_file: ImportFile, coded: list[Coded], key: str, actor: User | None) -> None:
    note_rows(import_file, coded)
    journal = post(
        key=key,
        kind="spend",
        entity=import_file.source.entity,
        postings=[posting_of(row, coding) for row, coding in coded],
        actor=actor,
        source=("import_file", str(import_file.pk)),
        is_fact=True,
        memo=f"{import_file.source.name}: {import_file.name}"[:400],
    )
    mark_posted(coded, journal_id=journal.id)
