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
from reconciliation.events import InvoiceCoded
from reconciliation.locks import lock_invoice
from reconciliation.models import Invoice, InvoiceLine
from reconciliation.rules import states
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import raise_uncoded
from reconciliation.services.folds import OWN, tell
from reconciliation.services.paid import take_back_paid
from reconciliation.services.tagging import note_line


@dataclass(frozen=True, slots=True)
class Coding:
    """Where a line is spent."""

    line: InvoiceLine
    account: FundsAccount
    month: date


@transaction.atomic
def code_invoice_line(*, line_id: int, account: FundsAccount, month: date, actor: User | None) -> InvoiceLine:
    """Post what a line costs (net of the VAT that comes back) as spent on `account` in `month`.

    Raises WrongState for a coded line or a held or void invoice, InvalidInput for another currency or entity, ClosedPeriod.
    """
    line = lock_line(line_id)
    code_lines(line.invoice, [Coding(line, account, month)], actor=actor)
    return line


def code_lines(invoice: Invoice, codings: Sequence[Coding], *, actor: User | None) -> None:
    """Post what several lines of a locked invoice cost, in one journal: two would hold the ledger's stops across accounts."""
    for coding in codings:
        check_codable(coding.line)
        check_account(invoice, coding.account)
    for coding in codings:
        thread = f"invoice-line:{coding.line.pk}"
        note_line(coding.line, account_id=coding.account.pk, month=coding.month, thread=thread)
    first = codings[0].line
    journal = ledger.post(
        key=f"invoice-line:{first.pk}:spend:{first.codings + 1}",
        kind="spend",
        entity=invoice.entity,
        postings=[
            spend_posting(coding.line, coding.account.pk, coding.month, thread=f"invoice-line:{coding.line.pk}")
            for coding in codings
        ],
        actor=actor,
        source=source_of(invoice),
        is_fact=True,
        memo=memo_of(first) if len(codings) == 1 else f"{invoice.vendor.name[:100]}, invoice {invoice.number}",
    )
    for coding in codings:
        set_coding(coding.line, account=coding.account, month=coding.month, journal_id=journal.id, actor=actor)


@transaction.atomic
def uncode_invoice_line(*, line_id: int, actor: User | None) -> InvoiceLine:
    """Take back just the spend of a coded line. Raises WrongState while it is matched to a request."""
    line = lock_line(line_id)
    if line.journal_id is None:
        raise WrongState("This line is not coded.", remedy="Nothing is left to undo.")
    if line.matches.filter(undone_at__isnull=True).exists():
        raise WrongState("This line is matched to a request.", remedy="Undo the match first.", code="is_matched")
    journal_id = line.journal_id
    clear_coding(line, actor=actor)
    key = f"invoice-line:{line.pk}:uncode:{line.codings}"
    if Entry.objects.filter(journal_id=journal_id).count() == 1:
        ledger.reverse(journal_id=journal_id, key=key, actor=actor, memo="Coding undone")
        return line
    # The line was coded together with others in one journal: take back its entry and leave theirs.
    entry = Entry.objects.get(journal_id=journal_id, thread=f"invoice-line:{line.pk}")
    ledger.post(
        key=key,
        kind="spend",
        entity=line.invoice.entity,
        postings=[ledger.Posting(entry.account_id, entry.month, entry.bucket, -entry.amount, entry.thread, entry.memo)],
        actor=actor,
        source=source_of(line.invoice),
        is_fact=True,
        memo="Coding undone",
    )
    return line


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


def source_of(invoice: Invoice) -> tuple[str, str]:
    """Return how the ledger names this invoice."""
    return ("invoice", str(invoice.pk))


def memo_of(line: InvoiceLine) -> str:
    """Return what the ledger's reader sees beside the entry."""
    return f"{line.invoice.vendor.name[:100]}, invoice {line.invoice.number}: {line.description}"[:300]
