"""What is expected of a source: how often a file comes, how late it may be, whom to ask for it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.access import needs
from core.errors import Refusal
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of
from reconciliation.import_forms import ExpectForm
from reconciliation.selectors.imports import access_source_to_expect
from reconciliation.services.sources import expect_of_source


@needs(Right.RECONCILE)
@require_http_methods(["GET", "HEAD", "POST"])
def expect(request: HttpRequest, source_id: int) -> HttpResponse:
    """State what is expected of a source. 422: it cannot be so; what was chosen stays."""
    user = person_of(request)
    source = access_source_to_expect(user, source_id)
    form = ExpectForm(posted(request), source=source)
    back = f"{reverse('reporting:unified')}?entity={source.entity.code}#sources"
    if form.is_bound and form.is_valid():
        try:
            expect_of_source(source_id=source.pk, data=form.expected(), actor=user)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"What is expected of {source.name} holds from now on.")
            return redirect(back)
    context = {"form": form, "source": source, "back": back}
    return render(request, "reconciliation/source_expect.html", context, status=422 if form.is_bound else 200)
