"""Invoices come in, are checked, and may be voided. Money moves in coding, commitments and payments."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from budgets.models import Budget, FundsAccount, Vendor
from budgets.services.vendors import ensure_vendor
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services.audit import record
from core.services.outbox import publish
from reconciliation.events import InvoiceRecorded
from reconciliation.locks import lock_invoice, lock_rows_named, lock_vendor
from reconciliation.models import Invoice, InvoiceLine, RawRow
from reconciliation.rules import states
from reconciliation.rules.duplicates import Paper, is_same, suspicion
from reconciliation.rules.invoices import InvoiceData, LineData, faults
from reconciliation.rules.references import number_digits, number_key
from reconciliation.services.coding import Coding, code_lines
from reconciliation.services.exceptions import raise_exception, resolve_exceptions
from reconciliation.services.findings import raise_uncoded
from reconciliation.services.folds import OWN, refresh_invoice, tell
from reconciliation.services.suggesting import lapse_suggestions_of

__all__ = ["InvoiceData", "LineData", "RecordedInvoice", "clear_suspicion", "record_invoice", "void_invoice"]


@dataclass(frozen=True, slots=True)
class RecordedInvoice:
    """The invoice, and whether it is new here: the same document again gives the one that is there."""

    invoice: Invoice
    is_new: bool


@transaction.atomic
def record_invoice(*, entity: Entity, data: InvoiceData, actor: User | None, source_row: RawRow | None = None) -> RecordedInvoice:
    """Record what a vendor asks for. The same document again (vendor, number, date, amount) changes nothing.

    One that looks like another is recorded and held until a person says which it is. Raises InvalidInput with a sentence
    by field, and what coding raises for lines that come with their account.
    """
    _check(entity, data)
    is_coded = any(line.account_id is not None for line in data.lines)
    rows = lock_rows_named(entity.pk, number_key(data.number), data.currency) if is_coded else []
    vendor = lock_vendor(ensure_vendor(entity=entity, name=data.vendor_name, code=data.vendor_code, actor=actor).pk)
    paper = _paper(data)
    others = _papers_like(vendor, paper)
    if known := next((other for other in others if is_same(paper, other)), None):
        return RecordedInvoice(Invoice.objects.get(pk=known.ref), is_new=False)
    doubt = suspicion(paper, others)
    invoice = _create(entity, vendor, data, actor=actor, source_row=source_row, suspected_of_id=doubt.ref if doubt else None)
    _tell_receipt(invoice, actor)
    if doubt:
        _hold(invoice, doubt.why)
    else:
        _code_what_is_coded(invoice, data, rows, actor)
    _announce(invoice, actor)
    return RecordedInvoice(invoice, is_new=True)


def _check(entity: Entity, data: InvoiceData) -> None:
    found = faults(data)
    currencies = {entity.currency, *Budget.objects.filter(entity=entity).values_list("currency", flat=True)}
    if data.currency not in currencies:
        found["currency"] = (
            f"No budget of {entity.name} is kept in {data.currency or 'a blank currency'}. Ask the vendor for an invoice "
            f"in {' or '.join(sorted(currencies))}, until rates are kept here."
        )
    if found:
        raise InvalidInput(next(iter(found.values())), code="invalid_invoice", details=found)


def _paper(data: InvoiceData) -> Paper:
    gross = data.net + data.vat
    return Paper(number_key(data.number), number_digits(data.number), gross, data.issued_on, data.currency, data.number)


def _papers_like(vendor: Vendor, paper: Paper) -> list[Paper]:
    """Return the vendor's invoices that share the number, its digits or the amount; each by its own index."""
    standing = Invoice.objects.filter(vendor=vendor).exclude(document_state=states.VOIDED)
    alike = standing.filter(number_key=paper.key).union(
        standing.filter(number_digits=paper.digits).exclude(number_digits=""), standing.filter(gross=paper.gross)
    )
    return [
        Paper(row.number_key, row.number_digits, row.gross, row.issued_on, row.currency, row.number, row.pk)
        for row in sorted(alike, key=lambda row: row.pk)
    ]


def _create(
    entity: Entity,
    vendor: Vendor,
    data: InvoiceData,
    *,
    actor: User | None,
    source_row: RawRow | None,
    suspected_of_id: int | None,
) -> Invoice:
    gross = data.net + data.vat
    invoice = Invoice.objects.create(
        entity=entity,
        vendor=vendor,
        number=data.number.strip(),
        number_key=number_key(data.number),
        number_digits=number_digits(data.number),
        issued_on=data.issued_on,
        due_on=data.due_on,
        currency=data.currency,
        net=data.net,
        vat=data.vat,
        recoverable_vat=data.recoverable,
        gross=gross,
        open_amount=gross,
        reference=data.reference.strip(),
        payment_reference=data.payment_reference.strip(),
        payment_key=number_key(data.payment_reference),
        suspected_of_id=suspected_of_id,
        source_row=source_row,
        recorded_by=actor,
        recorded_at=clock.now(),
    )
    InvoiceLine.objects.bulk_create(_lines(invoice, data))
    return invoice


def _lines(invoice: Invoice, data: InvoiceData) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice=invoice,
            number=number,
            description=line.description.strip() or f"Invoice {invoice.number}",
            net=line.net,
            vat=line.vat,
            recoverable=line.recoverable,
            service_month=line.service_month.replace(day=1) if line.service_month else None,
        )
        for number, line in enumerate(data.lines, start=1)
    ]


def _tell_receipt(invoice: Invoice, actor: User | None) -> None:
    tell(invoice, source=OWN, code=states.RECEIVED, external_id="received", actor=actor)
    tell(
        invoice, source=OWN, code=states.VALIDATED, external_id="validated", actor=actor, note="Number, dates and amounts agree."
    )
    refresh_invoice(invoice)


def _code_what_is_coded(invoice: Invoice, data: InvoiceData, rows: Sequence[RawRow], actor: User | None) -> None:
    raise_uncoded(invoice)
    wanted = {given.account_id for given in data.lines if given.account_id is not None}
    accounts = FundsAccount.objects.filter(entity=invoice.entity).in_bulk(wanted)
    if len(accounts) < len(wanted):
        raise InvalidInput("There is no such budget line.", remedy="Choose one of the entity's budget lines.")
    codings = [
        Coding(line, accounts[given.account_id], given.month)
        for line, given in zip(_own_lines(invoice), data.lines, strict=True)
        if given.account_id is not None and given.month is not None
    ]
    if codings:
        code_lines(invoice, codings, rows=rows, actor=actor)


def _own_lines(invoice: Invoice) -> list[InvoiceLine]:
    """Return the lines, each with this very invoice, so that its states are refreshed once."""
    lines = list(invoice.lines.order_by("number"))
    for line in lines:
        line.invoice = invoice
    return lines


def _hold(invoice: Invoice, why: str) -> None:
    raise_exception(
        entity=invoice.entity,
        code="duplicate_suspected",
        subject=invoice,
        key=f"invoice:{invoice.pk}:duplicate",
        sentence=f"Invoice {invoice.number} of {invoice.vendor.name} may be here twice. {why}",
        remedy="Compare the two. Void one of them, or say that both are owed.",
        amount=invoice.gross,
        currency=invoice.currency,
    )


def _announce(invoice: Invoice, actor: User | None) -> None:
    after = {"number": invoice.number, "vendor": invoice.vendor.name, "gross": str(invoice.gross), "currency": invoice.currency}
    record(actor=actor, verb="invoice.recorded", subject=invoice, entity=invoice.entity, after=after)
    publish(InvoiceRecorded(invoice_id=invoice.pk, actor_id=actor.pk if actor else None))


@transaction.atomic
def clear_suspicion(*, invoice_id: int, actor: User) -> Invoice:
    """Say that a held invoice is owed besides the one it resembles. Raises WrongState where that cannot be."""
    invoice = lock_invoice(invoice_id)
    if invoice.suspected_of_id is None or invoice.document_state == states.VOIDED:
        raise WrongState("This invoice is not held as a duplicate.", remedy="Nothing is left to do.")
    rivals = Invoice.objects.filter(vendor=invoice.vendor, number_key=invoice.number_key, suspected_of__isnull=True)
    if rivals.exclude(pk=invoice.pk).exclude(document_state=states.VOIDED).exists():
        raise WrongState(
            f"Another invoice of {invoice.vendor.name} has the number {invoice.number}.",
            remedy="Void the wrong one of the two; one number is one invoice.",
        )
    invoice.suspected_of = None
    invoice.save(update_fields=["suspected_of"])
    tell(invoice, source=OWN, code="cleared", external_id="cleared", actor=actor, note="Owed besides the one it resembles.")
    resolve_exceptions(entity=invoice.entity, keys=[f"invoice:{invoice.pk}:duplicate"])
    raise_uncoded(invoice)
    record(actor=actor, verb="invoice.cleared", subject=invoice, entity=invoice.entity)
    publish(InvoiceRecorded(invoice_id=invoice.pk, actor_id=actor.pk))
    return invoice


@transaction.atomic
def void_invoice(*, invoice_id: int, actor: User, reason: str) -> Invoice:
    """Take an invoice out of the books' sight for good. Its coding, matches and allocations are undone before, by a person."""
    if not reason.strip():
        raise InvalidInput("Say why the invoice is void.", details={"reason": "Say why the invoice is void."})
    invoice = lock_invoice(invoice_id)
    if invoice.document_state == states.VOIDED:
        raise WrongState("This invoice is void already.", remedy="Nothing is left to do.")
    if invoice.lines.filter(account__isnull=False).exists() or invoice.allocations.filter(undone_at__isnull=True).exists():
        raise WrongState(
            "Money hangs on this invoice.",
            remedy="Undo its payments, its matches and its coding first, then void it.",
            code="has_money",
        )
    tell(invoice, source=OWN, code=states.VOIDED, external_id="voided", actor=actor, note=reason.strip())
    refresh_invoice(invoice)
    said = ("duplicate", "uncoded", "no-requisition")
    resolve_exceptions(entity=invoice.entity, keys=[f"invoice:{invoice.pk}:{each}" for each in said])
    lapse_suggestions_of(invoice)
    _free_suspects(invoice)
    record(actor=actor, verb="invoice.voided", subject=invoice, entity=invoice.entity, after={"reason": reason.strip()})
    return invoice


def _free_suspects(invoice: Invoice) -> None:
    """What resembled a voided invoice resembles nothing now."""
    for suspect in invoice.suspects.exclude(document_state=states.VOIDED).order_by("id")[:1]:
        suspect.suspected_of = None
        suspect.save(update_fields=["suspected_of"])
        invoice.suspects.exclude(pk=suspect.pk).exclude(document_state=states.VOIDED).update(suspected_of=suspect)
        resolve_exceptions(entity=suspect.entity, keys=[f"invoice:{suspect.pk}:duplicate"])
        raise_uncoded(suspect)
