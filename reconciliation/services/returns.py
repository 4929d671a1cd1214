"""Payments that came back: the bank's reversal is told to the payment that it reverses, where there is just one."""

from collections.abc import Iterable
from datetime import UTC, datetime, time

from reconciliation.locks import lock_payment
from reconciliation.models import Payment
from reconciliation.rules import states
from reconciliation.services.findings import raise_returned
from reconciliation.services.folds import BANK, refresh_payment, tell


def note_returns(payments: Iterable[Payment]) -> None:
    """Tell each reversed payment that it was returned. End-to-end ids repeat, so amount and uniqueness are asked for too."""
    for payment in payments:
        if payment.is_return and payment.end_to_end_id:
            _note(payment)


def _note(reversal: Payment) -> None:
    reversed_ones = Payment.objects.filter(
        entity=reversal.entity,
        currency=reversal.currency,
        amount=-reversal.amount,
        end_to_end_id=reversal.end_to_end_id,
        state=states.BOOKED,
        is_return=False,
    )
    found = list(reversed_ones.values_list("pk", flat=True)[:2])
    if len(found) != 1:
        return
    original = lock_payment(found[0])
    at = datetime.combine(reversal.booked_on, time(), UTC)
    tell(original, source=BANK, code=states.RETURNED, external_id=f"reversal:{reversal.pk}", actor=None, at=at)
    refresh_payment(original)
    if original.allocated:
        raise_returned(original)
