"""What a person says of a ledger's row that names an invoice; and how a row counts again whose invoice was uncoded."""

from datetime import date

from django.db import transaction

from budgets.services import ledger
from core import clock
from core.errors import NotFound, Refusal, WrongState
from core.models import User
from reconciliation.locks import (
    lock_confirmations,
    lock_import_file,
    lock_invoice,
    lock_rows,
    lock_rows_named,
)
from reconciliation.models import Confirmation, ImportFile, Invoice, RawRow
from reconciliation.rules.problems import Problem
from reconciliation.selectors.coding import Coder
from reconciliation.selectors.months import first_open
from reconciliation.selectors.same_document import of_vendor
from reconciliation.services.coding import check_standing, is_spent, source_of
from reconciliation.services.confirming import PERSON, confirm, judge_besides, name_of, postings_back, undo_confirmations
from reconciliation.services.ingest import recount
from reconciliation.services.row_marks import mark_quarantined
from reconciliation.services.row_postings import taken_back
from reconciliation.services.spend_rows import settle_rows


@transaction.atomic
def confirm_row(*, invoice_id: int, row_id: int, actor: User) -> Confirmation:
    """Say that a spent row which names a coded invoice is that document: the row's spend is taken back, the invoice counts.

    What lies in a closed month is taken back in the month of the invoice, or the running one.
    Raises NotFound, WrongState, ClosedPeriod.
    """
    found = Invoice.objects.filter(pk=invoice_id).values_list("entity_id", "number_key", "currency").first()
    if found is None:
        raise NotFound("There is no such invoice.", remedy="Go back to the list of invoices.")
    rows = lock_rows_named(*found)
    invoice = lock_invoice(invoice_id)
    row = next((row for row in of_vendor(invoice, rows) if row.pk == row_id), None)
    _check_confirmable(invoice, row)
    postings = taken_back(row, in_month=lambda month: _open_month(invoice, month)) if row else []
    if row is None or not postings:
        raise _not_besides()
    _take_back(invoice, row, postings, actor)
    judge_besides(invoice)
    return Confirmation.objects.select_related("row__import_file", "invoice").get(row=row, undone_at__isnull=True)


def _check_confirmable(invoice: Invoice, row: RawRow | None) -> None:
    check_standing(invoice)
    if row is None:
        raise _not_besides()
    if not is_spent(invoice):
        raise WrongState(
            "This invoice is on no budget line yet, so nothing counts twice.",
            remedy="Match or code it first; a row that has its amount then gives way by itself.",
            code="not_coded",
        )


def _not_besides() -> WrongState:
    return WrongState(
        "This row is not spent besides this invoice.", remedy="Look at the invoice again: it may have been answered meanwhile."
    )


def _open_month(invoice: Invoice, month: date) -> date:
    """Return the month itself where it is open, else that of the invoice's coding, else the running one."""
    coded = invoice.lines.filter(month__isnull=False).order_by("-month").values_list("month", flat=True).first()
    return first_open(invoice.entity, [month, coded, clock.now().date()]) or month


def _take_back(invoice: Invoice, row: RawRow, postings: list[ledger.Posting], actor: User) -> None:
    turn = Confirmation.objects.filter(row=row).count() + 1
    journal = ledger.post(
        key=f"raw-row:{row.pk}:confirms:{turn}",
        kind="spend",
        entity=invoice.entity,
        postings=postings,
        actor=actor,
        source=source_of(invoice),
        is_fact=True,
        memo=f"{name_of(row)} is invoice {invoice.number} of {invoice.vendor.name}"[:400],
    )
    confirm(invoice, [row], journal_id=journal.id, actor=actor, rule=PERSON, why="Said by a person.")


@transaction.atomic
def release_row(*, invoice_id: int, row_id: int, actor: User) -> RawRow:
    """Undo what a person said: the row is spent again, exactly as it was. Raises WrongState, ClosedPeriod.

    What gave way by rule comes back as the coding of its invoice is undone.
    """
    kept = next((each for each in lock_confirmations(invoice_id) if each.row_id == row_id), None)
    if kept is None:
        raise WrongState("This row does not confirm this invoice.", remedy="Nothing is left to undo.")
    if kept.rule != PERSON or kept.journal_id is None:
        raise WrongState(
            "This row has the vendor, the number and the amount of the invoice, and gave way by itself.",
            remedy="Undo the coding of the invoice: with it the row counts again.",
            code="by_rule",
        )
    invoice = lock_invoice(invoice_id)
    kept.invoice = invoice
    undo_confirmations([kept], actor=actor)
    ledger.reverse(journal_id=kept.journal_id, key=f"confirmation:{kept.pk}:undo", actor=actor, memo="The row counts again")
    judge_besides(invoice)
    return RawRow.objects.select_related("import_file__source__entity").get(pk=row_id)


@transaction.atomic
def restore_row(*, confirmation_id: int) -> None:
    """Let a row count by itself whose invoice is on no budget line any more. No person does this.

    What the invoice took back is given back where it was. A row that had posted nothing is judged as if it came now: spent, or
    in quarantine with the reason why it cannot be.
    """
    found = Confirmation.objects.filter(pk=confirmation_id).values_list("row_id", "row__import_file_id", "invoice_id").first()
    if found is None:
        return
    row_id, import_file_id, invoice_id = found
    import_file = lock_import_file(import_file_id)
    kept = next((each for each in lock_confirmations(invoice_id) if each.pk == confirmation_id), None)
    if kept is None or is_spent(kept.invoice):
        return  # it was answered, or the invoice was coded again
    undo_confirmations([kept], actor=None)
    [row] = lock_rows([row_id])
    if kept.journal_id:
        _give_back(kept, row)
    else:
        RawRow.objects.filter(pk=row_id).update(produced_type="", produced_id=None)
        settle_rows(
            import_file=import_file, rows=[row], coder=Coder(import_file.source), key=f"confirmation/{kept.pk}", actor=None
        )
    if import_file.state == ImportFile.State.DONE:
        recount(import_file)


def _give_back(kept: Confirmation, row: RawRow) -> None:
    invoice = kept.invoice
    try:
        ledger.post(
            key=f"confirmation:{kept.pk}:back",
            kind="spend",
            entity=invoice.entity,
            postings=postings_back([kept]),
            actor=None,
            source=source_of(invoice),
            is_fact=True,
            memo=f"{name_of(kept.row)} counts again"[:400],
        )
    except Refusal as refusal:
        RawRow.objects.filter(pk=row.pk).update(produced_type="", produced_id=None)
        mark_quarantined([(row, Problem(refusal.code, refusal.message, refusal.remedy or "Try again later."))])
