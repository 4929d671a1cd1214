"""What a run of matching would apply by itself, found as the run finds it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from approvals.models import RequestLine
from core.models import Entity
from reconciliation.models import InvoiceLine
from reconciliation.services.matching import foreseen_payments
from reconciliation.services.request_matching import foreseen_answers


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A match to be made: of an invoice and a payment, or of an invoice's line and a request. In the invoice's currency."""

    invoice_id: int
    invoice_number: str
    amount: Decimal
    currency: str
    payment_id: int | None = None
    request_number: str = ""
    name: str = ""


def foreseen_in(entities: Iterable[Entity]) -> list[Foreseen]:
    """Return what a run would match now in these entities, in its order. Changes nothing."""
    return [found for entity in entities for found in (*_answers(entity), *_payments(entity))]


def _answers(entity: Entity) -> Iterator[Foreseen]:
    answers = foreseen_answers(entity=entity)
    lines = InvoiceLine.objects.select_related("invoice").in_bulk([each.line_id for each in answers])
    asked = RequestLine.objects.select_related("request").in_bulk([each.request_line_id for each in answers])
    for each in answers:
        line, request = lines[each.line_id], asked[each.request_line_id].request
        invoice = line.invoice
        yield Foreseen(invoice.pk, invoice.number, line.amount, invoice.currency, request_number=request.number)


def _payments(entity: Entity) -> Iterator[Foreseen]:
    for payment, invoice in foreseen_payments(entity=entity):
        name = payment.counterparty_name
        yield Foreseen(invoice.pk, invoice.number, payment.open_amount, payment.currency, payment_id=payment.pk, name=name)
