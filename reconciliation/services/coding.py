"""Coding puts an invoice line on a budget line: that posts its spend, a fact that no stop refuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from budgets.models import Entry, FundsAccount
from budgets.services import ledger
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User
from core.services.audit import record
from core.services.outbox import publish
from reconciliation.events import ConfirmationLost, InvoiceCoded
from reconciliation.locks import lock_confirmations, lock_invoice, lock_rows_named
from reconciliation.models import Confirmation, Invoice, InvoiceLine, RawRow
from reconciliation.rules import states
from reconciliation.services.confirming import keep_weighed, postings_back, undo_confirmations, weigh
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import besides_key, raise_uncoded
from reconciliation.services.folds import OWN, tell
from reconciliation.services.paid import take_back_paid
from reconciliation.services.row_postings import thread_of
from reconciliation.services.tagging import borne_by, line_thread, note_line


@dataclass(frozen=True, slots=True)
class Coding:
    """Where a line is spent."""

    line: InvoiceLine
    account: FundsAccount
    month: date


@transaction.atomic
def code_invoice_line(*, line_id: int, account: FundsAccount, month: date, actor: User | None) -> InvoiceLine:
    """Post what a line costs (net of the VAT that comes back) as spent on `account` in `month`.

    A ledger's row that is the same document and was spent before gives way to it, in the same journal.
    Raises WrongState for a coded line or a held or void invoice, InvalidInput for another currency or entity, ClosedPeriod.
    """
    rows = lock_rows_of_line(line_id)
    line = lock_line(line_id)
    code_lines(line.invoice, [Coding(line, account, month)], rows=rows, actor=actor)
    return line


def code_lines(invoice: Invoice, codings: Sequence[Coding], *, rows: Sequence[RawRow], actor: User | None) -> None:
    """Post what several lines of a locked invoice cost, in one journal: two would hold the ledger's stops across accounts.

    `rows` are the locked rows of ledgers that name the invoice's number; those that are the same document are taken back.
    """
    for coding in codings:
        check_codable(coding.line)
        check_account(invoice, coding.account)
    first, weighed = codings[0].line, weigh(invoice, rows)
    borne = borne_by([row for row, _ in weighed.taken])
    for coding in codings:
        thread = line_thread(coding.line.pk)
        note_line(coding.line, account_id=coding.account.pk, month=coding.month, thread=thread, borne=borne)
    journal = ledger.post(
        key=f"invoice-line:{first.pk}:spend:{first.codings + 1}",
        kind="spend",
        entity=invoice.entity,
        postings=[
            spend_posting(coding.line, coding.account.pk, coding.month, thread=line_thread(coding.line.pk)) for coding in codings
        ]
        + weighed.postings,
        actor=actor,
        source=source_of(invoice),
        is_fact=True,
        memo=memo_of(first) if len(codings) == 1 else f"{invoice.vendor.name[:100]}, invoice {invoice.number}",
    )
    for coding in codings:
        set_coding(coding.line, account=coding.account, month=coding.month, journal_id=journal.id, actor=actor)
    keep_weighed(invoice, weighed, journal_id=journal.id, actor=actor)


@transaction.atomic
def uncode_invoice_line(*, line_id: int, actor: User | None) -> InvoiceLine:
    """Take back just the spend of a coded line. With the last of an invoice, rows of ledgers that gave way to it count again.

    Raises WrongState while it is matched to a request.
    """
    confirmations = lock_confirmations_of_line(line_id)
    line = lock_line(line_id)
    if line.journal_id is None:
        raise WrongState("This line is not coded.", remedy="Nothing is left to undo.")
    if line.matches.filter(undone_at__isnull=True).exists():
        raise WrongState("This line is matched to a request.", remedy="Undo the match first.", code="is_matched")
    journal_id = line.journal_id
    clear_coding(line, actor=actor)
    back = let_go(line.invoice, confirmations, actor=actor)
    _take_back(line, journal_id, back, actor)
    return line


def _take_back(line: InvoiceLine, journal_id: int, back: Sequence[Confirmation], actor: User | None) -> None:
    """Post the opposite of a line's coding, and let those rows count again that give way no more."""
    key = f"invoice-line:{line.pk}:uncode:{line.codings}"
    own = f"invoice-line:{line.pk}"
    entries = list(Entry.objects.filter(journal_id=journal_id))
    is_alone = {own, *(thread_of(each.row) for each in back)} == {entry.thread for entry in entries} or len(entries) == 1
    if is_alone and all(each.journal_id == journal_id for each in back):
        ledger.reverse(journal_id=journal_id, key=key, actor=actor, memo="Coding undone")
        return
    # The line was coded together with others in one journal: take back its entry and leave theirs.
    entry = next(entry for entry in entries if entry.thread == own)
    ledger.post(
        key=key,
        kind="spend",
        entity=line.invoice.entity,
        postings=[
            ledger.Posting(entry.account_id, entry.month, entry.bucket, -entry.amount, entry.thread, entry.memo),
            *postings_back(back),
        ],
        actor=actor,
        source=source_of(line.invoice),
        is_fact=True,
        memo="Coding undone",
    )


def let_go(
    invoice: Invoice, confirmations: Sequence[Confirmation], *, actor: User | None, journal_id: int | None = None
) -> list[Confirmation]:
    """Once no line of an invoice is coded, undo what confirms it; return the rows whose money this transaction is to give back.

    Rows that had posted nothing, and with `journal_id` all that another journal took back, follow each in a transaction of
    its own.
    """
    if not confirmations or is_spent(invoice):
        return []
    back = [each for each in confirmations if each.journal_id and journal_id in (None, each.journal_id)]
    for each in confirmations:
        each.invoice = invoice
        if each not in back:
            publish(ConfirmationLost(confirmation_id=each.pk))
    undo_confirmations(back, actor=actor)
    return back


def is_spent(invoice: Invoice) -> bool:
    """Say whether any line of an invoice is on a budget line."""
    return invoice.lines.filter(account__isnull=False).exists()


def lock_rows_of_line(line_id: int) -> list[RawRow]:
    """Lock the spent rows of ledgers that name the number of a line's invoice. Call it before the invoice is locked."""
    names = ("invoice__entity_id", "invoice__number_key", "invoice__currency")
    found = InvoiceLine.objects.filter(pk=line_id).values_list(*names).first()
    return lock_rows_named(*found) if found else []


def lock_confirmations_of_line(line_id: int) -> list[Confirmation]:
    """Lock what confirms the invoice of a line, with its rows. Call it before the invoice is locked."""
    found = InvoiceLine.objects.filter(pk=line_id).values_list("invoice_id", flat=True).first()
    return lock_confirmations(found) if found else []


def lock_line(line_id: int) -> InvoiceLine:
    """Lock the invoice of a line and return the line as it stands under the lock."""
    found = InvoiceLine.objects.filter(pk=line_id).values_list("invoice_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such invoice line.", remedy="Go back to the invoice.")
    invoice = lock_invoice(found)
    line = InvoiceLine.objects.select_related("account").get(pk=line_id)
    line.invoice = invoice
    return line


def check_codable(line: InvoiceLine) -> None:
    """Refuse a line that is coded, or whose invoice is held, invalid or void."""
    check_standing(line.invoice)
    if line.is_coded:
        raise WrongState("This line is on a budget line already.", remedy="Undo its coding or its match first.", code="is_coded")


def check_standing(invoice: Invoice) -> None:
    """Refuse an invoice on which no money may move."""
    if invoice.document_state != states.VALIDATED:
        raise WrongState(f"This invoice is {invoice.document_state}.", remedy="Only a validated invoice can be coded or matched.")
    if invoice.suspected_of_id is not None:
        raise WrongState(
            "This invoice may be here twice.",
            remedy="Say first that both are owed, or void one of them.",
            code="duplicate_suspected",
        )


def check_account(invoice: Invoice, account: FundsAccount) -> None:
    """Refuse an account of another entity or currency."""
    if account.entity_id != invoice.entity_id:
        raise InvalidInput("That budget line belongs to another organization.", remedy="Choose one of this organization.")
    if account.currency != invoice.currency:
        raise InvalidInput(
            f"The invoice is in {invoice.currency}, the budget line in {account.currency}.",
            remedy=f"Choose a budget line in {invoice.currency}; nothing is converted until rates are kept here.",
            code="other_currency",
            details={"account": f"This budget line is kept in {account.currency}."},
        )


def spend_posting(line: InvoiceLine, account_id: int, month: date, *, thread: str) -> ledger.Posting:
    """Return the entry that makes the line's cost spent."""
    return ledger.Posting(account_id, month.replace(day=1), "spent", line.amount, thread, memo_of(line))


def set_coding(line: InvoiceLine, *, account: FundsAccount, month: date, journal_id: int, actor: User | None) -> None:
    """Keep what the ledger now says."""
    line.account, line.month, line.journal_id, line.codings = account, month.replace(day=1), journal_id, line.codings + 1
    line.save(update_fields=["account", "month", "journal", "codings"])
    note = f"Line {line.number}: {line.amount:,} {line.invoice.currency} spent in {line.month:%B %Y}."
    tell(line.invoice, source=OWN, code="coded", external_id=f"line:{line.pk}:coded:{line.codings}", actor=actor, note=note)
    after = {"account": account.pk, "month": line.month.isoformat(), "amount": str(line.amount), "journal": journal_id}
    record(actor=actor, verb="invoice_line.coded", subject=line, entity=line.invoice.entity, after=after)
    if not line.invoice.lines.filter(account__isnull=True).exists():
        resolve_exceptions(entity=line.invoice.entity, keys=[f"invoice:{line.invoice_id}:uncoded"])
        announce_coded(line.invoice)


def announce_coded(invoice: Invoice) -> None:
    """Let payments that came before the coding be posted, in a transaction of their own: this one holds the ledger's stops."""
    if invoice.allocations.filter(undone_at__isnull=True, journal__isnull=True).exists():
        publish(InvoiceCoded(invoice_id=invoice.pk))


def clear_coding(line: InvoiceLine, *, actor: User | None) -> None:
    """Forget the coding and take back *paid*, which has no place on the ledger without it."""
    take_back_paid(line.invoice, actor=actor)
    before = {"account": line.account_id, "journal": line.journal_id}
    line.account, line.month, line.journal = None, None, None
    line.save(update_fields=["account", "month", "journal"])
    tell(line.invoice, source=OWN, code="uncoded", external_id=f"line:{line.pk}:uncoded:{line.codings}", actor=actor)
    record(actor=actor, verb="invoice_line.uncoded", subject=line, entity=line.invoice.entity, before=before)
    raise_uncoded(line.invoice)
    if not is_spent(line.invoice):
        resolve_exceptions(entity=line.invoice.entity, keys=[besides_key(line.invoice)])


def source_of(invoice: Invoice) -> tuple[str, str]:
    """Return how the ledger names this invoice."""
    return ("invoice", str(invoice.pk))


def memo_of(line: InvoiceLine) -> str:
    """Return what the ledger's reader sees beside the entry."""
    return f"{line.invoice.vendor.name[:100]}, invoice {line.invoice.number}: {line.description}"[:300]
