"""The states of invoices and payments, as folds. Cycles, late and repeated events are normal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

RECEIVED, VALIDATED, INVALID, VOIDED = "received", "validated", "invalid", "voided"
BOOKED, RETURNED = "booked", "returned"

_DOCUMENT_CODES = {RECEIVED, VALIDATED, INVALID}


@dataclass(frozen=True, slots=True)
class Said:
    """A status event: its code and its own time. `order` (its row) decides between two of one moment."""

    code: str
    at: datetime
    order: int = 0


def document_state(events: Iterable[Said]) -> str:
    """Return where a document stands: the last word on it counts, but voided is for good, whatever arrives late."""
    known = [event for event in events if event.code in _DOCUMENT_CODES or event.code == VOIDED]
    if any(event.code == VOIDED for event in known):
        return VOIDED
    verdicts = [event for event in known if event.code != RECEIVED]
    return max(verdicts, key=_moment).code if verdicts else RECEIVED


def payment_state(events: Iterable[Said]) -> str:
    """Return where a payment stands. What the bank booked is booked, until the bank says that it came back."""
    told = [event for event in events if event.code in {BOOKED, RETURNED}]
    return max(told, key=_moment).code if told else BOOKED


def money_state(*, gross: Decimal, paid: Decimal) -> str:
    """Return how far an invoice is settled. A credit note (negative gross) is settled by negative amounts."""
    sign = -1 if gross < 0 else 1
    due, done = gross * sign, paid * sign
    if done <= 0:
        return "open"
    if done < due:
        return "partly_paid"
    return "paid" if done == due else "overpaid"


def share_state(*, whole: Decimal, part: Decimal) -> str:
    """Return how much of `whole` found its counterpart: unmatched, partly, matched."""
    if part == 0:
        return "unmatched"
    return "matched" if abs(part) >= abs(whole) else "partly"


def lines_state(matched: Sequence[bool]) -> str:
    """Return how many of an invoice's lines answer a request: unmatched, partly, matched."""
    if not any(matched):
        return "unmatched"
    return "matched" if all(matched) else "partly"


def _moment(event: Said) -> tuple[datetime, int]:
    return (event.at, event.order)
