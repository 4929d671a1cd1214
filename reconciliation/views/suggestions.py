"""Matches that may be right, for a person to accept or dismiss."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from core.access import needs
from core.errors import Refusal
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried
from reconciliation.selectors.reading import READERS, access_suggestion_by_id, entities_for
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.answers import accept_suggestion, dismiss_suggestion

ROWS = 20


@require_safe
@needs(*READERS)
def suggestion_list(request: HttpRequest) -> HttpResponse:
    """List the open suggestions with both sides, the likeliest first."""
    user = person_of(request)
    page = Paginator(open_suggestions(entities_for(user)), ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "may_write": bool(entities_for(user, Right.RECONCILE))}
    return render(request, "reconciliation/suggestions.html", context)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def accept(request: HttpRequest, suggestion_id: int) -> HttpResponse:
    """Do what a suggestion says."""
    user = person_of(request)
    suggestion = access_suggestion_by_id(user, suggestion_id, Right.RECONCILE)
    try:
        accept_suggestion(suggestion_id=suggestion.pk, actor=user)
        messages.success(request, "Matched. It can be undone on the invoice's page.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _back(request)


@needs(Right.RECONCILE)
@require_POST
def dismiss(request: HttpRequest, suggestion_id: int) -> HttpResponse:
    """Say that a suggestion is wrong."""
    user = person_of(request)
    suggestion = access_suggestion_by_id(user, suggestion_id, Right.RECONCILE)
    try:
        dismiss_suggestion(suggestion_id=suggestion.pk, actor=user)
        messages.success(request, "Dismissed. It is not suggested again.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return redirect(wanted if is_ours else "reconciliation:suggestions")
