"""What a request has of attributes of its organization's own."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.models import RequestAttribute
from approvals.selectors.requests import access_request_by_number
from approvals.services.attributes import refuse_unless_may_state
from budgets.views.attributes import state_values
from core.access import needs
from core.rules.rights import Right
from core.views.people import person_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST, Right.BUDGET)
def of_request(request: HttpRequest, number: str) -> HttpResponse:
    """State what a request has of its organization's attributes. 422: something cannot be so. Raises NotFound, NotAllowed."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    refuse_unless_may_state(found, person)
    back = reverse("approvals:request", args=[found.number])
    return state_values(request, person, RequestAttribute, "request", found, back=back, name=found.number)
