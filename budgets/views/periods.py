"""Opening, closing and reopening months, for finance."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from budgets.forms import CloseForm, OpenForm, ReopenForm
from budgets.selectors.periods import access_entity_of_finance, entities_of_finance, entity_to_close, periods_by_year
from budgets.services.periods import close_period, open_periods, reopen_period
from core.access import needs
from core.errors import Refusal
from core.models import Entity, User
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried


@require_safe
@needs(Right.BUDGET)
def periods(request: HttpRequest) -> HttpResponse:
    """Show the months of an entity (`?entity=` its code; where none is named, the one that is furthest behind)."""
    user = person_of(request)
    entity = access_entity_of_finance(user, request.GET.get("entity", "") or entity_to_close(user))
    return _shown(request, user, entity, OpenForm())


@needs(Right.BUDGET)
@require_POST
def open_months(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Open a span of months."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _shown(request, user, entity, form, status=422)
    opened = open_periods(entity=entity, first=form.cleaned_data["first"], last=form.cleaned_data["last"], actor=user)
    messages.success(request, f"Months opened: {len(opened)}." if opened else "All of these months were opened before.")
    return _back(entity)


@needs(Right.BUDGET)
@require_POST
@may_be_tried
def close_month(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Close a month; no entry is posted into it after that."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = CloseForm(request.POST)
    if form.is_valid():
        month: date = form.cleaned_data["month"]
        try:
            close_period(entity=entity, month=month, actor=user)
            messages.success(request, f"{month:%B %Y} is closed. Later entries go to an open month.")
        except Refusal as refusal:
            messages.error(request, str(refusal))
    return _back(entity)


@needs(Right.BUDGET)
@require_POST
@may_be_tried
def reopen_month(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Open a closed month again, with a reason for the audit trail."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the month is opened again; the reason is kept in the audit trail.")
        return _back(entity)
    month: date = form.cleaned_data["month"]
    try:
        reopen_period(entity=entity, month=month, actor=user, reason=form.cleaned_data["reason"])
        messages.warning(request, f"{month:%B %Y} is open again. Figures that were final are preliminary until it is closed.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _back(entity)


def _back(entity: Entity) -> HttpResponse:
    response = redirect("budgets:periods")
    response["Location"] += f"?entity={entity.code}"
    return response


def _shown(request: HttpRequest, user: User, entity: Entity, form: OpenForm, status: int = 200) -> HttpResponse:
    context = {
        "entity": entity,
        "entities": entities_of_finance(user),
        "years": periods_by_year(entity),
        "form": form,
    }
    return render(request, "budgets/periods.html", context, status=status)
