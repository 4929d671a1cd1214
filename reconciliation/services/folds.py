"""Status events are appended here, and the kept states refreshed from them. Call with the row locked."""

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from core import clock
from core.models import User
from reconciliation.models import Allocation, CommitmentMatch, Invoice, Payment, StatusEvent
from reconciliation.rules import states

OWN = "purser"
BANK = "bank"


def tell(
    subject: Invoice | Payment,
    *,
    source: str,
    code: str,
    external_id: str,
    actor: User | None,
    note: str = "",
    at: datetime | None = None,
) -> bool:
    """Append a status event unless the same source said it already; return whether it is new. `at` is the event's time."""
    field = "invoice" if isinstance(subject, Invoice) else "payment"
    _, is_new = StatusEvent.objects.get_or_create(
        source=source,
        external_id=external_id,
        **{field: subject},
        defaults={"code": code, "at": at or clock.now(), "note": note[:400], "actor": actor, "recorded_at": clock.now()},
    )
    return is_new


def refresh_invoice(invoice: Invoice) -> None:
    """Fold the invoice's events, matches and allocations into its kept states."""
    matches = CommitmentMatch.objects.filter(invoice_line__invoice=invoice, undone_at__isnull=True)
    matched = set(matches.values_list("invoice_line_id", flat=True))
    invoice.document_state = states.document_state(_said(invoice))
    invoice.match_state = states.lines_state([line_id in matched for line_id in invoice.lines.values_list("id", flat=True)])
    invoice.paid = _active_sum(Allocation.objects.filter(invoice=invoice))
    invoice.open_amount = invoice.gross - invoice.paid
    invoice.money_state = states.money_state(gross=invoice.gross, paid=invoice.paid)
    invoice.save(update_fields=["document_state", "match_state", "paid", "open_amount", "money_state"])


def refresh_payment(payment: Payment) -> None:
    """Fold the payment's events and allocations into its kept states."""
    payment.state = states.payment_state(_said(payment))
    payment.allocated = _active_sum(Allocation.objects.filter(payment=payment))
    payment.open_amount = payment.amount - payment.allocated
    payment.match_state = states.share_state(whole=payment.amount, part=payment.allocated)
    payment.save(update_fields=["state", "allocated", "open_amount", "match_state"])


def _said(subject: Invoice | Payment) -> list[states.Said]:
    return [states.Said(code, at, order) for code, at, order in subject.events.values_list("code", "at", "id")]


def _active_sum(allocations: QuerySet[Allocation]) -> Decimal:
    return allocations.filter(undone_at__isnull=True).aggregate(sum=Sum("amount"))["sum"] or Decimal("0.00")
