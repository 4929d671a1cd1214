"""Looking back at what a policy approved by itself: in order, or withdrawn."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from approvals.selectors.requests import access_request_by_number
from approvals.services.automatic import look_back, refuse_unless_open
from approvals.views.by_policy import LookBackForm
from approvals.views.page import page_context
from approvals.views.person import person_of
from core.errors import InvalidInput


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Take what was found. 422: a reason is missing; 403: not theirs; 409: nothing to look back at. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    refuse_unless_open(found, person)
    form = LookBackForm(request.POST)
    if form.is_valid():
        try:
            looked = look_back(request_id=found.pk, actor=person, **form.cleaned_data)
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                form.add_error(name, str(sentence))
        else:
            messages.success(request, f"{number}: {looked.get_outcome_display()}.")
            return redirect("approvals:request", number)
    return render(request, "approvals/request.html", page_context(found, person) | {"look_back_form": form}, status=422)
