"""What reconciliation does when something was announced: matching runs after each import and each approval.

What a rule applies has no actor: no person decided it, and pages say that Purser did. Handlers that find many things
announce each of them, so that each is applied, and posted, in a transaction of its own.
"""

from approvals.events import RequestApproved
from approvals.models import Request
from approvals.services.undoing import stands
from core.events import on
from reconciliation.events import (
    AnswerFound,
    ConfirmationLost,
    InvoiceCoded,
    InvoiceRecorded,
    PaymentMatchFound,
    StatementRecorded,
)
from reconciliation.models import Invoice, InvoiceLine, Payment, Statement
from reconciliation.selectors.commitments import invoices_waiting_for
from reconciliation.services.matching import announce_matches, match_payments
from reconciliation.services.paid import post_paid_of
from reconciliation.services.request_matching import announce_answers, match_line
from reconciliation.services.requisitions import judge_requisition
from reconciliation.services.row_answers import restore_row


@on(InvoiceRecorded)
def look_for_request_and_payment(event: InvoiceRecorded) -> None:
    """Look for the invoice's request, and for payments that came before it."""
    invoice = Invoice.objects.select_related("entity").get(pk=event.invoice_id)
    if not announce_answers(entity=invoice.entity, invoice_ids=[invoice.pk]):
        judge_requisition(invoice=invoice)
    waiting = invoice.entity.payments.filter(currency=invoice.currency, open_amount=invoice.open_amount).exclude(open_amount=0)
    announce_matches(entity=invoice.entity, payment_ids=list(waiting.values_list("pk", flat=True)))


@on(StatementRecorded)
def look_for_invoices(event: StatementRecorded) -> None:
    """Look for the invoices that the statement's payments settle."""
    statement = Statement.objects.select_related("bank_account__entity").get(pk=event.statement_id)
    entity = statement.bank_account.entity
    payments = entity.payments.filter(entry__statement=statement)
    announce_matches(entity=entity, payment_ids=list(payments.values_list("pk", flat=True)))


@on(RequestApproved)
def look_for_earlier_invoices(event: RequestApproved) -> None:
    """An invoice may come before its request is approved: look again at those that name it or are of its vendor."""
    if not stands(event):
        return
    request = Request.objects.select_related("entity").get(pk=event.request_id)
    announce_answers(entity=request.entity, invoice_ids=invoices_waiting_for(request))


@on(PaymentMatchFound)
def apply_payment(event: PaymentMatchFound) -> None:
    """Look again, now that other transactions have ended, and apply it where it is still beyond doubt."""
    payment = Payment.objects.select_related("entity").get(pk=event.payment_id)
    match_payments(entity=payment.entity, actor=None, payment_ids=[payment.pk])


@on(AnswerFound)
def apply_answer(event: AnswerFound) -> None:
    """Look again, and liquidate the commitment where it is still beyond doubt."""
    line = InvoiceLine.objects.select_related("invoice__entity").get(pk=event.invoice_line_id)
    if not match_line(invoice_line=line, actor=None):
        judge_requisition(invoice=line.invoice)


@on(InvoiceCoded)
def post_what_waited(event: InvoiceCoded) -> None:
    """Post the payments that came before the coding."""
    post_paid_of(event.invoice_id)


@on(ConfirmationLost)
def let_row_count(event: ConfirmationLost) -> None:
    """Let a row count by itself whose invoice was uncoded."""
    restore_row(confirmation_id=event.confirmation_id)
