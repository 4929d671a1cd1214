"""A later file says something else about a document: its row stands for the earlier one, in one journal."""

from budgets.services.ledger import Posting, post
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import User
from reconciliation.locks import lock_rows
from reconciliation.models import Confirmation, ImportFile, Invoice, RawRow
from reconciliation.rules.problems import Coding, Problem
from reconciliation.selectors.coding import Coder
from reconciliation.selectors.judging import judge_rows
from reconciliation.selectors.same_document import invoices_named
from reconciliation.services.confirming import confirm_unposted, judge_besides, name_of, undo_confirmations
from reconciliation.services.row_marks import mark_posted
from reconciliation.services.row_postings import posting_of, taken_back
from reconciliation.services.tagging import note_rows


def replace_row(import_file: ImportFile, row: RawRow, *, actor: User) -> None:
    """Let a locked row stand for the earlier one that it changes: what that spent is taken back in the journal that spends this.

    The files of both are locked, and the documents.
    A row that is a coded invoice by now confirms it and posts nothing. Raises InvalidInput for a row that cannot be spent, and
    WrongState where an invoice took the place of the earlier one.
    """
    earlier = lock_rows([row.replaces_id or 0])[0]
    named = invoices_named(import_file.source.entity, [row, earlier])
    confirmation = _confirmation_of(earlier)
    if confirmation:
        _check_replaceable(confirmation, {invoice.pk for invoice in named.get(row.pk, ())})
        undo_confirmations([confirmation], actor=actor)
    end = judge_rows([row], Coder(import_file.source), named)[row.pk]
    if isinstance(end, Problem):
        raise InvalidInput(end.sentence, remedy=end.remedy, code=end.code)
    if confirmation and end != confirmation.invoice_id:
        raise _confirmed(confirmation)
    postings = taken_back(earlier) if earlier.produced_type == "journal" else []
    _give_way(earlier, import_file)
    RawRow.objects.filter(pk=row.pk).update(fixed_by=actor, fixed_at=clock.now())
    _settle(import_file, row, end, postings, actor)
    for invoice in {invoice.pk: invoice for found in named.values() for invoice in found}.values():
        judge_besides(invoice)


def _confirmation_of(row: RawRow) -> Confirmation | None:
    active = Confirmation.objects.filter(row=row, undone_at__isnull=True)
    return active.select_related("invoice__entity", "row__import_file").first()


def _check_replaceable(confirmation: Confirmation, named: set[int]) -> None:
    """A row that an invoice took back is given back by that invoice alone; one that posted nothing may be another row."""
    if confirmation.journal_id or confirmation.invoice_id not in named:
        raise _confirmed(confirmation)


def _confirmed(confirmation: Confirmation) -> WrongState:
    invoice: Invoice = confirmation.invoice
    return WrongState(
        f"{name_of(confirmation.row)} is confirmed by invoice {invoice.number}, which is spent in its place.",
        remedy="Ignore this row, for the invoice counts; or undo the coding of the invoice first, then accept the change.",
        code="confirmed",
    )


def _give_way(earlier: RawRow, import_file: ImportFile) -> None:
    earlier.gone_with = import_file
    if earlier.status == RawRow.Status.QUARANTINED:
        earlier.status, earlier.reason_code, earlier.reason = (
            RawRow.Status.IGNORED,
            "restated",
            "A later file says something else.",
        )
    earlier.save(update_fields=["gone_with", "status", "reason_code", "reason"])


def _settle(import_file: ImportFile, row: RawRow, end: int | Coding, postings: list[Posting], actor: User) -> None:
    if isinstance(end, int):
        confirm_unposted([row], {row.pk: end})
    else:
        note_rows(import_file, [(row, end)])
        postings = [posting_of(row, end), *postings]
    if not postings:
        return
    source = ("import_file", str(import_file.pk))
    journal = post(
        key=f"change/{row.pk}",
        kind="spend",
        entity=import_file.source.entity,
        postings=postings,
        actor=actor,
        source=source,
        is_fact=True,
    )
    if isinstance(end, Coding):
        mark_posted([(row, end)], journal_id=journal.id)
