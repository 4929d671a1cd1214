"""Projections: what counts, one with its parts, and stating one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from budgets.projection_forms import MORE_ROWS, ProjectionForm, filled_from
from budgets.rules.months import add_months, first_of
from budgets.selectors.budgets import READING
from budgets.selectors.controls import access_entity_to_read, may_state, readable_entities
from budgets.selectors.freshness import freshness_of_month
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.projections import access_projection_by_id, latest_of, projections_in_reach, statements_beside
from budgets.services.controls import Node
from budgets.services.projections import state_projection
from core import clock
from core.access import needs
from core.errors import InvalidInput
from core.models import Entity
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of


@require_safe
@needs(*READING)
def projections(request: HttpRequest) -> HttpResponse:
    """List the projections of an organization that count (`?entity=` its code)."""
    user = person_of(request)
    entity = access_entity_to_read(user, request.GET.get("entity", ""))
    context = {
        "entity": entity,
        "entities": readable_entities(user),
        "projections": latest_of(entity),
        "may_state": may_state(user, entity, Node()),
    }
    return render(request, "budgets/projections.html", context)


@require_safe
@needs(*READING)
def projection(request: HttpRequest, projection_id: int) -> HttpResponse:
    """Show a projection with its parts, and what was stated before and after it."""
    user = person_of(request)
    found = access_projection_by_id(user, projection_id)
    parts = list(found.parts.all())
    statements = statements_beside(found)
    context = {
        "projection": found,
        "fresh": freshness_of_month(found.entity, found.base_month, as_of=found.stated_at, sources=[]),
        "parts": parts,
        "base": sum(part.base for part in parts),
        "at": add_months(found.base_month, found.horizon_months),
        "statements": statements,
        "latest": statements[0],
        "may_state": may_state(user, found.entity, Node()),
    }
    return render(request, "budgets/projection.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def new(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State a projection (`?from=` the number of one to begin with)."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    if request.method == "POST" and "more" in request.POST:
        return _form(request, entity, _with_more_rows(request, entity))
    began = projections_in_reach(user).filter(entity=entity, pk=_number(request.GET.get("from", ""))).first()
    initial = filled_from(began) if began else {"base_month": add_months(first_of(clock.now().date()), -1)}
    form = ProjectionForm(posted(request), entity=entity, initial=initial)
    if not form.is_bound:
        return _form(request, entity, form)
    if form.is_valid():
        try:
            stated = state_projection(entity=entity, data=form.stated(), actor=user)
        except InvalidInput as refusal:
            form.refuse(refusal.details)
        else:
            messages.success(request, f"{stated}: {stated.recommended:,.2f} {stated.currency} a month is recommended.")
            return redirect("budgets:projection", stated.pk)
    return _form(request, entity, form, status=422)


def _with_more_rows(request: HttpRequest, entity: Entity) -> ProjectionForm:
    typed = request.POST.copy()
    typed["rows"] = str(ProjectionForm(typed, entity=entity).count + MORE_ROWS)
    kept = {name: value for name, value in typed.items() if name not in {"more", "csrfmiddlewaretoken"}}
    return ProjectionForm(entity=entity, initial=kept)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _form(request: HttpRequest, entity: Entity, form: ProjectionForm, status: int = 200) -> HttpResponse:
    return render(request, "budgets/projection_form.html", {"entity": entity, "form": form}, status=status)
