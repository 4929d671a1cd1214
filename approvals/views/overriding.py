"""Asking that a request may pass the limits that refuse it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from approvals.change_forms import OverrideForm
from approvals.services.overrides import ask_override, refusal_of
from approvals.views.asking import own_editable
from approvals.views.person import person_of
from approvals.views.refusals import refusal_shown
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.rules.rights import Right


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def override(request: HttpRequest, number: str) -> HttpResponse:
    """Show what refuses a draft, and take why it should pass all the same. Raises NotFound, WrongState."""
    person = person_of(request)
    found = own_editable(person, number)
    form = OverrideForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                asked = ask_override(
                    actor=person, covers_id=found.pk, reason=form.cleaned_data["reason"], form_key=_form_key(request)
                )
            except InvalidInput as refusal:
                form.add_error(None, str(refusal))
            except Refusal as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, f"{asked.number} is submitted. Once it is approved, submit {number} again.")
                return redirect("approvals:request", asked.number)
    refused = refusal_of(request=found, actor=person)
    shown = refusal_shown(refused, person=person, currency=found.currency) if refused else None
    context = {"request_": found, "form": form, "refusal": shown, "form_key": uuid4()}
    return render(request, "approvals/override.html", context, status=status)


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()
