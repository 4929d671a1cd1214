"""Suggestions lapse when one of their sides is settled."""

from reconciliation.models import Invoice, InvoiceLine, Payment, Suggestion


def lapse_suggestions(*, payment: Payment, invoice: Invoice) -> None:
    """Let the open suggestions go whose payment or invoice has nothing left to match; bring them back when it has again."""
    mine = Suggestion.objects.filter(kind=Suggestion.Kind.PAYMENT)
    is_open = {"state": Suggestion.State.OPEN}
    if payment.open_amount == 0:
        mine.filter(payment=payment, **is_open).update(state=Suggestion.State.LAPSED)
    if invoice.open_amount == 0:
        mine.filter(invoice=invoice, **is_open).update(state=Suggestion.State.LAPSED)


def lapse_line_suggestions(line: InvoiceLine) -> None:
    """Let the open suggestions of a matched invoice line go."""
    Suggestion.objects.filter(invoice_line=line, state=Suggestion.State.OPEN).update(state=Suggestion.State.LAPSED)
