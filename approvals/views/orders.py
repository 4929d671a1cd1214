"""Closing an approved request that nothing more comes of, and opening it again."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from approvals.models import Request
from approvals.selectors.orders import may_close, order_of
from approvals.selectors.requests import access_request_by_number
from approvals.services.orders import close_request, move_request, open_again
from approvals.views.person import person_of
from budgets.forms import MonthField
from budgets.selectors.statements import keeps_books
from core.access import needs
from core.errors import ClosedPeriod, InvalidInput, NoFunds, NotAllowed, WrongState
from core.posted import posted
from core.rules.rights import Right
from core.views.trying import may_be_tried

LONGEST_REASON = 300


class CloseForm(forms.Form):
    """Why an order is closed."""

    reason = forms.CharField(label="Why nothing more comes of it", max_length=LONGEST_REASON)


class MoveForm(CloseForm):
    """To which month what is left of an order is moved, and why."""

    to_month = MonthField(label="Hold it in")
    reason = forms.CharField(label="Why", max_length=LONGEST_REASON)
    field_order = ("to_month", "reason")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
@may_be_tried
def move(request: HttpRequest, number: str) -> HttpResponse:
    """Hold what is left of an order in another month. 422: no month or reason; 409: it cannot be."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    if not keeps_books(person, found.entity):
        raise NotAllowed("Whoever keeps the books moves an order.", remedy="Ask finance.")
    form = MoveForm(posted(request))
    if not form.is_bound:
        return _form(request, found, form)
    if not form.is_valid():
        return _form(request, found, form, 422)
    try:
        move_request(request_id=found.pk, **form.cleaned_data, actor=person)
    except (InvalidInput, WrongState, ClosedPeriod, NoFunds) as refusal:
        form.add_error("reason" if isinstance(refusal, InvalidInput) else None, str(refusal))
        return _form(request, found, form, refusal.status)
    messages.success(request, f"What is left of {number} is held in {form.cleaned_data['to_month']:%B %Y} now.")
    return redirect("approvals:request", number)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST, Right.BUDGET)
@may_be_tried
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Show what is left of an order, and let go of it for a reason. 422: no reason; 409: nothing is left, the month is closed."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    _refuse_others(found, request)
    form = CloseForm(posted(request))
    if not form.is_bound:
        return _form(request, found, form)
    if not form.is_valid():
        return _form(request, found, form, 422)
    try:
        close_request(request_id=found.pk, reason=form.cleaned_data["reason"], actor=person)
    except (InvalidInput, WrongState, ClosedPeriod) as refusal:
        form.add_error("reason" if isinstance(refusal, InvalidInput) else None, str(refusal))
        return _form(request, found, form, refusal.status)
    messages.success(request, f"{number} is closed. What was not invoiced is free again.")
    return redirect("approvals:request", number)


@require_POST
@needs(Right.REQUEST, Right.BUDGET)
@may_be_tried
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Commit again what closing it let go."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    _refuse_others(found, request)
    try:
        open_again(request_id=found.pk, actor=person)
    except (WrongState, ClosedPeriod) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{number} is open again. What closing it had freed is committed.")
    return redirect("approvals:request", number)


def _refuse_others(found: Request, request: HttpRequest) -> None:
    if not may_close(person_of(request), found):
        raise NotAllowed("This is somebody else's order.", remedy="Its requester closes it, or whoever keeps the books.")


def _form(request: HttpRequest, found: Request, form: CloseForm, status: int = 200) -> HttpResponse:
    context = {"found": found, "order": order_of(found), "form": form, "moves": isinstance(form, MoveForm)}
    return render(request, "approvals/close_order.html", context, status=status)
