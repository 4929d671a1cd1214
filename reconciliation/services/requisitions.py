"""Invoices that answer no approved request where the policy asks for one: a finding for finance, until one is matched."""

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from approvals.selectors.policies import Requisitions, requisitions_of
from budgets.selectors.books import in_books
from core import clock
from reconciliation.models import Invoice
from reconciliation.rules import states
from reconciliation.services.exceptions import raise_exception, resolve_exceptions


@transaction.atomic
def judge_requisition(*, invoice: Invoice) -> bool:
    """Raise what the policy finds, or close it where it is so no more; say whether it is found."""
    paths = list(invoice.lines.filter(account__isnull=False).values_list("account__cost_centre__path", flat=True))
    rule = requisitions_of(invoice.entity, paths or ["/"])
    amount = unanswered(invoice)
    stands = invoice.document_state != states.VOIDED and invoice.suspected_of_id is None
    if rule is None or not stands or not _is_over(amount, rule, invoice):
        resolve_exceptions(entity=invoice.entity, keys=[requisition_key(invoice)])
        return False
    raise_exception(
        entity=invoice.entity,
        code="no_requisition",
        subject=invoice,
        key=requisition_key(invoice),
        sentence=(
            f"Invoice {invoice.number} of {invoice.vendor.name}: {amount:,} {invoice.currency} without an approved request. "
            f"{rule.policy} asks for one above {rule.over:,.2f} {rule.currency}."
        ),
        remedy="Match it to its request. Where there is none, ask whoever ordered it, and close this with the reason.",
        amount=amount,
        currency=invoice.currency,
    )
    return True


def unanswered(invoice: Invoice) -> Decimal:
    """Return what an invoice costs beyond the requests that it is matched to, in its currency."""
    lines = invoice.lines.all()
    matched = invoice.lines.filter(matches__undone_at__isnull=True).aggregate(sum=Sum("matches__amount"))["sum"]
    return sum((line.amount for line in lines), Decimal(0)) - (matched or Decimal(0))


def requisition_key(invoice: Invoice) -> str:
    """Return the key of what an invoice without a request raises."""
    return f"invoice:{invoice.pk}:no-requisition"


def _is_over(amount: Decimal, rule: Requisitions, invoice: Invoice) -> bool:
    if invoice.currency == rule.currency:
        return amount > rule.over
    today = clock.now().date()
    return in_books(amount, invoice.currency, invoice.entity, on=today) > in_books(
        rule.over, rule.currency, invoice.entity, on=today
    )
