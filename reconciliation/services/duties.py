"""Nobody settles what they approved. Callers hold the invoice's lock; triggers on allocations and matches hold it again."""

from approvals.models import Request
from core.errors import NotAllowed
from core.models import User
from reconciliation.models import Invoice
from reconciliation.selectors.duties import approved_by, settler_who_approved

CODE = "approved_it"


def refuse_settling_ones_own_approval(invoice: Invoice, actor: User | None) -> None:
    """Refuse whoever approved what the invoice is for. What a rule settles, no person does. Raises NotAllowed."""
    request = approved_by(invoice, actor) if actor is not None else None
    if request is not None:
        raise NotAllowed(
            f"You approved {request.number}, which this invoice is for; nobody settles what they approved.",
            remedy="Let somebody else who reconciles settle it.",
            code=CODE,
            details={"request": request.number},
        )


def refuse_answer_to_its_settler(invoice: Invoice, request: Request) -> None:
    """Refuse that an invoice answers a request whose approver has settled it. Raises NotAllowed."""
    person = settler_who_approved(invoice, request)
    if person is not None:
        raise NotAllowed(
            f"{person.name} settled invoice {invoice.number} and approved {request.number}; nobody settles what they approved.",
            remedy="Take the payment off the invoice, match it, then let somebody else settle it.",
            code=CODE,
            details={"request": request.number},
        )
