"""What approved requests still have committed, and which invoice lines answer none yet."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from approvals.models import Request, RequestLine
from budgets.selectors.balances import thread_balance
from core.models import Entity
from reconciliation.models import CommitmentMatch, Invoice, InvoiceLine
from reconciliation.rules import states
from reconciliation.rules.references import request_numbers_in
from reconciliation.rules.requests import Commitment, Cost

MOST = 500


def approved_lines(entity: Entity, *, currency: str) -> QuerySet[RequestLine]:
    """Return the lines of approved requests in a currency."""
    rows = RequestLine.objects.filter(request__entity=entity, request__state=Request.State.APPROVED, request__currency=currency)
    return rows.select_related("request__vendor", "account").order_by("id")


def lines_in_question(invoice: Invoice) -> list[RequestLine]:
    """Return the request lines that an invoice may answer: those it names, those of its vendor, the latest first."""
    numbers = numbers_named(invoice)
    asked = Q(request__number__in=numbers) | Q(request__vendor_id=invoice.vendor_id)
    return list(approved_lines(invoice.entity, currency=invoice.currency).filter(asked).order_by("-id")[:MOST])


def numbers_named(invoice: Invoice) -> frozenset[str]:
    """Return the request numbers that an invoice's reference and lines name."""
    return request_numbers_in([invoice.reference, *invoice.lines.values_list("description", flat=True)])


def open_commitments(lines: Iterable[RequestLine]) -> list[Commitment]:
    """Return what is left of each line's commitment; lines of which nothing is left are left out."""
    lines = list(lines)
    balances = thread_balance([line.thread for line in lines])
    return [
        Commitment(line.pk, line.request.number, balances[line.thread]["committed"], line.request.vendor_id or 0)
        for line in lines
        if balances[line.thread]["committed"] > 0
    ]


def unanswered_costs(invoice: Invoice) -> list[Cost]:
    """Return the lines of an invoice that answer no request yet."""
    numbers = numbers_named(invoice)
    matched = CommitmentMatch.objects.filter(undone_at__isnull=True, invoice_line__invoice=invoice).values("invoice_line_id")
    lines = invoice.lines.exclude(pk__in=matched).order_by("number")
    return [Cost(line.pk, line.amount, invoice.vendor_id, numbers) for line in lines]


def costs_of_vendor(invoice: Invoice) -> list[Cost]:
    """Return every line of the vendor's invoices that answers no request yet: the rivals of this invoice's lines."""
    matched = CommitmentMatch.objects.filter(undone_at__isnull=True, invoice_line__invoice__vendor_id=invoice.vendor_id)
    lines = InvoiceLine.objects.filter(
        invoice__entity=invoice.entity,
        invoice__vendor_id=invoice.vendor_id,
        invoice__currency=invoice.currency,
        invoice__document_state=states.VALIDATED,
        invoice__suspected_of__isnull=True,
    ).exclude(invoice__match_state="matched")
    lines = lines.exclude(pk__in=matched.values("invoice_line_id")).order_by("-id")[:MOST]
    return [Cost(line.pk, line.amount, invoice.vendor_id, frozenset()) for line in lines]


def invoices_waiting_for(request: Request) -> list[int]:
    """Return the ids of invoices that answer no request yet, and name this one or are of its vendor."""
    waiting = Invoice.objects.filter(entity=request.entity, currency=request.currency).exclude(match_state="matched")
    asked = Q(reference__icontains=request.number) | Q(vendor_id=request.vendor_id, vendor__isnull=False)
    return list(waiting.filter(asked).order_by("-id").values_list("pk", flat=True)[:MOST])
