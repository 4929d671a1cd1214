"""What an invoice has of attributes of its organization's own."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from budgets.views.attributes import state_values
from core.access import needs
from core.rules.rights import Right
from core.views.people import person_of
from reconciliation.models import InvoiceAttribute
from reconciliation.selectors.reading import access_invoice_by_id


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.RECONCILE)
def of_invoice(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """State what an invoice has of its organization's attributes. 422: something cannot be so. Raises NotFound."""
    user = person_of(request)
    found = access_invoice_by_id(user, invoice_id, Right.RECONCILE)
    back = reverse("reconciliation:invoice", args=[found.pk])
    name = f"invoice {found.number}"
    return state_values(request, user, InvoiceAttribute, "invoice", found, back=back, name=name)
