"""What a payment may settle, found by indexes: by the references it carries, and by its amount."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Q, QuerySet

from core.models import Entity
from reconciliation.models import Invoice, Payment
from reconciliation.rules import states
from reconciliation.rules.references import is_sure, keys_in, number_digits, number_key
from reconciliation.rules.scores import InvoiceFacts, PaymentFacts

MOST_BY_AMOUNT = 5000


def open_payments(entity: Entity, payment_ids: Sequence[int] | None = None) -> QuerySet[Payment]:
    """Return the payments of which something is not allocated, oldest first."""
    rows = Payment.objects.filter(entity=entity, state=states.BOOKED).exclude(open_amount=0).order_by("id")
    return rows if payment_ids is None else rows.filter(pk__in=payment_ids)


def open_invoices(entity: Entity) -> QuerySet[Invoice]:
    """Return the invoices on which something is open, held ones left out."""
    rows = Invoice.objects.filter(entity=entity, suspected_of__isnull=True).exclude(open_amount=0)
    return rows.exclude(document_state__in=[states.VOIDED, states.INVALID]).select_related("vendor")


def invoices_referred_to(entity: Entity, keys: Iterable[str]) -> list[Invoice]:
    """Return the open invoices whose number or payment reference is among `keys`."""
    wanted = sorted({key for key in keys if is_sure(key)})
    return list(open_invoices(entity).filter(Q(number_key__in=wanted) | Q(payment_key__in=wanted))) if wanted else []


def invoices_of_amounts(entity: Entity, amounts: Iterable[Decimal]) -> list[Invoice]:
    """Return the open invoices on which one of `amounts` is open; bounded, since these only make suggestions."""
    return list(open_invoices(entity).filter(open_amount__in=set(amounts)).order_by("id")[:MOST_BY_AMOUNT])


def rivals_of(entity: Entity, invoices: Iterable[Invoice], known: Iterable[int]) -> list[Payment]:
    """Return the other open payments whose amount is open on one of `invoices`: they may name it too."""
    amounts = {invoice.open_amount for invoice in invoices}
    return list(open_payments(entity).filter(open_amount__in=amounts).exclude(pk__in=list(known))) if amounts else []


def payment_facts(payment: Payment) -> PaymentFacts:
    """Return what the payment says, made comparable."""
    texts = (payment.end_to_end_id, payment.structured_reference, payment.remittance)
    words = [word for text in texts for word in text.split()]
    return PaymentFacts(
        amount=payment.open_amount,
        booked_on=payment.booked_on,
        name=payment.counterparty_name,
        iban=payment.counterparty_iban,
        keys=frozenset().union(*(keys_in(text) for text in texts)),
        digits=frozenset(number_digits(word) for word in words) - {""},
    )


def invoice_facts(invoice: Invoice) -> InvoiceFacts:
    """Return what the invoice says, made comparable."""
    return InvoiceFacts(
        amount=invoice.open_amount,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        name=invoice.vendor.name,
        iban=invoice.vendor.iban,
        key=invoice.number_key,
        digits=invoice.number_digits,
        payment_key=invoice.payment_key,
    )


def rule_between(payment: Payment, invoice: Invoice) -> str:
    """Return by which reference a payment names an invoice: the strongest that does, or an empty text."""
    own = number_key(payment.end_to_end_id)
    if is_sure(own) and own in (invoice.payment_key, invoice.number_key):
        return "end_to_end_id"
    if is_sure(invoice.payment_key) and invoice.payment_key in keys_in(f"{payment.structured_reference} {payment.remittance}"):
        return "structured_reference"
    texts = (payment.end_to_end_id, payment.structured_reference, payment.remittance)
    if is_sure(invoice.number_key) and any(invoice.number_key in keys_in(text) for text in texts):
        return "invoice_number"
    return ""
