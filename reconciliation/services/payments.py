"""Allocating payments to invoices, and undoing exactly one of those."""

from decimal import Decimal

from django.db import transaction

from core import clock
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User
from core.money import CENT
from core.services.audit import record
from core.services.outbox import publish
from reconciliation.events import PaymentAllocated
from reconciliation.locks import lock_invoice, lock_payment
from reconciliation.models import Allocation, Invoice, Payment
from reconciliation.rules import states
from reconciliation.services.duties import refuse_settling_ones_own_approval
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import raise_unmatched, unmatched_key
from reconciliation.services.folds import OWN, refresh_invoice, refresh_payment, tell
from reconciliation.services.paid import post_paid, take_back
from reconciliation.services.suggesting import lapse_suggestions


@transaction.atomic
def allocate(*, payment_id: int, invoice_id: int, amount: Decimal, actor: User | None, rule: str, why: str) -> Allocation:
    """Settle an invoice with a payment or a part of it. `amount` has the payment's sign and currency.

    Posts *paid* once the invoice is coded. More than the invoice asks for is taken: overpaid is a state.
    Raises InvalidInput for an amount beyond the payment or another currency, WrongState for a void invoice or a pair
    that stands, NotAllowed for whoever approved what the invoice is for.
    """
    invoice = lock_invoice(invoice_id)
    payment = lock_payment(payment_id)
    _check(payment, invoice, amount)
    refuse_settling_ones_own_approval(invoice, actor)
    allocation = Allocation.objects.create(
        payment=payment, invoice=invoice, amount=amount, rule=rule, why=why[:400], made_by=actor, made_at=clock.now()
    )
    _tell(allocation, "allocated", f"{amount:,} {payment.currency} of {payment.booked_on:%-d %b %Y}. {why}", actor)
    _refresh(allocation)
    after = {"payment": payment.pk, "invoice": invoice.pk, "amount": str(amount), "rule": rule}
    record(actor=actor, verb="payment.allocated", subject=allocation, entity=invoice.entity, after=after)
    publish(PaymentAllocated(allocation_id=allocation.pk))
    post_paid(invoice, actor=actor)
    allocation.refresh_from_db()
    return allocation


@transaction.atomic
def undo_allocation(*, allocation_id: int, actor: User) -> Allocation:
    """Take one payment off one invoice, and just that. Raises WrongState when it was undone, ClosedPeriod."""
    found = Allocation.objects.filter(pk=allocation_id).first()
    if found is None:
        raise NotFound("There is no such allocation.", remedy="Go back to the payment.")
    invoice = lock_invoice(found.invoice_id)
    payment = lock_payment(found.payment_id)
    allocation = Allocation.objects.get(pk=allocation_id)
    if not allocation.is_active:
        raise WrongState(
            "This payment was taken off the invoice before.", remedy="Nothing is left to undo.", code="already_undone"
        )
    allocation.invoice, allocation.payment = invoice, payment
    allocation.undone_at, allocation.undone_by = clock.now(), actor
    allocation.save(update_fields=["undone_at", "undone_by"])
    _tell(allocation, "allocation_undone", f"{allocation.amount:,} {payment.currency} taken off.", actor)
    _refresh(allocation)
    record(actor=actor, verb="payment.allocation_undone", subject=allocation, entity=invoice.entity)
    take_back(allocation, actor=actor)
    return allocation


def _check(payment: Payment, invoice: Invoice, amount: Decimal) -> None:
    if payment.entity_id != invoice.entity_id:
        raise NotFound("There is no such invoice.", remedy="Choose one of this organization.")
    if payment.currency != invoice.currency:
        raise InvalidInput(
            f"The payment is in {payment.currency}, the invoice in {invoice.currency}.",
            remedy="Choose an invoice in the payment's currency, until rates are kept here.",
            code="other_currency",
        )
    if invoice.document_state == states.VOIDED:
        raise WrongState("This invoice is void.", remedy="Choose another invoice.")
    if not amount.is_finite() or amount == 0 or amount != amount.quantize(CENT):
        raise InvalidInput("State an amount to the cent, not zero.", code="invalid_amount")
    if amount * payment.amount < 0 or abs(amount) > abs(payment.open_amount):
        raise InvalidInput(
            f"{payment.open_amount:,} {payment.currency} of this payment is not allocated yet.",
            remedy="State at most that much.",
            code="beyond_payment",
            details={"amount": f"At most {payment.open_amount:,} is left of this payment."},
        )
    if Allocation.objects.filter(payment=payment, invoice=invoice, undone_at__isnull=True).exists():
        raise WrongState(
            "This payment is on this invoice already.", remedy="Undo that first to change the amount.", code="already_allocated"
        )


def _tell(allocation: Allocation, code: str, note: str, actor: User | None) -> None:
    for subject in (allocation.invoice, allocation.payment):
        tell(subject, source=OWN, code=code, external_id=f"allocation:{allocation.pk}:{code}", actor=actor, note=note)


def _refresh(allocation: Allocation) -> None:
    payment = allocation.payment
    refresh_invoice(allocation.invoice)
    refresh_payment(payment)
    if payment.open_amount == 0:
        resolve_exceptions(entity=payment.entity, keys=[unmatched_key(payment)])
    else:
        raise_unmatched(payment)
    lapse_suggestions(payment=payment, invoice=allocation.invoice)
