"""Closing orders that opening balances brought along, and holding them again: on the page of the journal that opened them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from budgets.selectors.orders import access_closing, access_opened
from budgets.services.orders import LONGEST_REASON, close_order, hold_order_again
from core.access import needs
from core.errors import ClosedPeriod, InvalidInput, WrongState
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried


class CloseOpenedForm(forms.Form):
    """Which opened order is closed, and why."""

    thread = forms.ChoiceField(label="Order")
    reason = forms.CharField(label="Why", max_length=LONGEST_REASON, help_text="What came of it: its invoice, or nothing.")

    def __init__(self, *args: object, orders: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["thread"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = orders


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def close(request: HttpRequest, journal_id: int) -> HttpResponse:
    """Let go of what is left of an order that was opened with."""
    user = person_of(request)
    found = access_opened(user, journal_id)
    try:
        done = close_order(
            journal_id=found.pk, threads=[request.POST.get("thread", "")], reason=request.POST.get("reason", ""), actor=user
        )
    except (InvalidInput, WrongState, ClosedPeriod) as refusal:
        messages.error(request, str(refusal))
        return redirect("budgets:journal", found.pk)
    messages.success(request, "The order is closed. What was left of it is free.")
    return redirect("budgets:journal", done.id)


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def again(request: HttpRequest, journal_id: int) -> HttpResponse:
    """Hold again what closing an opened order let go."""
    user = person_of(request)
    closing = access_closing(user, journal_id)
    try:
        done = hold_order_again(journal_id=closing.pk, actor=user)
    except (WrongState, ClosedPeriod) as refusal:
        messages.error(request, str(refusal))
        return redirect("budgets:journal", closing.pk)
    messages.success(request, "The order holds its money again.")
    return redirect("budgets:journal", done.id)
