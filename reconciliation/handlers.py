"""What reconciliation does when something was announced: matching runs after each import and each approval.

What a rule applies has no actor: no person decided it, and pages say that Purser did.
"""

from approvals.events import RequestApproved
from approvals.models import Request
from core.events import on
from reconciliation.events import InvoiceRecorded, StatementRecorded
from reconciliation.models import Invoice, Statement
from reconciliation.selectors.commitments import invoices_waiting_for
from reconciliation.services.matching import match_payments
from reconciliation.services.request_matching import match_invoices


@on(InvoiceRecorded)
def match_new_invoice(event: InvoiceRecorded) -> None:
    """Look for the invoice's request, then for payments that came before it."""
    invoice = Invoice.objects.select_related("entity").get(pk=event.invoice_id)
    match_invoices(entity=invoice.entity, actor=None, invoice_ids=[invoice.pk])
    waiting = invoice.entity.payments.filter(currency=invoice.currency, open_amount=invoice.open_amount).exclude(open_amount=0)
    match_payments(entity=invoice.entity, actor=None, payment_ids=list(waiting.values_list("pk", flat=True)))


@on(StatementRecorded)
def match_new_payments(event: StatementRecorded) -> None:
    """Look for the invoices that the statement's payments settle."""
    statement = Statement.objects.select_related("bank_account__entity").get(pk=event.statement_id)
    entity = statement.bank_account.entity
    payments = entity.payments.filter(entry__statement=statement)
    match_payments(entity=entity, actor=None, payment_ids=list(payments.values_list("pk", flat=True)))


@on(RequestApproved)
def match_earlier_invoices(event: RequestApproved) -> None:
    """An invoice may come before its request is approved: look again at those that name it or are of its vendor."""
    request = Request.objects.select_related("entity").get(pk=event.request_id)
    match_invoices(entity=request.entity, actor=None, invoice_ids=invoices_waiting_for(request))
