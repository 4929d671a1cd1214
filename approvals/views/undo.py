"""Taking back what one has just decided."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from approvals.selectors.requests import access_request_by_number
from approvals.selectors.undo import access_decision_by_id
from approvals.services.undoing import take_back
from approvals.views.offers import DONE
from approvals.views.page import page_context
from approvals.views.person import person_of
from approvals.views.refusals import refusal_shown
from core.errors import Refusal
from core.views.trying import may_be_tried


@require_POST
@may_be_tried
def undo(request: HttpRequest, number: str, decision_id: int) -> HttpResponse:
    """Take a decision back. 403: somebody else's; 409: too late, or something followed. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    decision = access_decision_by_id(found, decision_id)
    try:
        take_back(decision_id=decision.pk, actor=person)
    except Refusal as refusal:
        shown = refusal_shown(refusal, person=person, currency=found.currency)
        now = access_request_by_number(person, number)
        return render(request, "approvals/request.html", page_context(now, person) | {"refusal": shown}, status=refusal.status)
    messages.success(request, f"{number} waits for a decision again: you took back that you {DONE[decision.verdict]} it.")
    return redirect("approvals:stage", decision.stage_id)
