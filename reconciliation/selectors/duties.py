"""Who approved what an invoice is for, and who settled an invoice: nobody does both."""

from approvals.models import Decision, Emergency, Request
from approvals.selectors.delegations import counted
from core.models import User
from reconciliation.models import Allocation, Invoice


def approvers_of(request: Request) -> set[int]:
    """Return who approved a request in its present round, for whom they did, and on whose word it was committed at once."""
    said = request.decisions.filter(round=request.round, verdict=Decision.Verdict.APPROVE)
    words = Emergency.objects.filter(request=request, denied_at__isnull=True).values_list("approver_id", flat=True)
    return counted(said, round_number=request.round) | set(words)


def approved_by(invoice: Invoice, person: User) -> Request | None:
    """Return a request that an invoice answers and that the person approved."""
    answered = Request.objects.filter(
        lines__matches__invoice_line__invoice=invoice, lines__matches__undone_at__isnull=True
    ).distinct()
    return next((request for request in answered.order_by("pk") if person.pk in approvers_of(request)), None)


def settler_who_approved(invoice: Invoice, request: Request) -> User | None:
    """Return somebody who settled an invoice by hand and approved a request that it is about to answer."""
    settled = Allocation.objects.filter(invoice=invoice, undone_at__isnull=True, made_by__in=approvers_of(request))
    found = settled.select_related("made_by").order_by("pk").first()
    return found.made_by if found else None
