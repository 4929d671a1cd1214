"""Controls: those of a budget, those of an organization over all its budgets, and one of them with its windows."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.filters import ControlFilter
from budgets.models import Control
from budgets.selectors.budgets import READING, access_budget_by_code
from budgets.selectors.controls import (
    KINDS,
    access_control_by_id,
    access_entity_to_read,
    control_rows,
    controls_in_reach,
    history_of,
    kind_of,
    may_state,
    readable_entities,
    stand_rows,
)
from budgets.selectors.freshness import freshness_of_control, freshness_of_entities
from budgets.selectors.overview import freshness_of
from budgets.services.controls import Node, fingerprint
from core import clock
from core.access import needs
from core.views.people import person_of

ROWS = 50


@require_safe
@needs(*READING)
def budget_controls(request: HttpRequest, code: str) -> HttpResponse:
    """List the controls of a budget, each with its tightest window."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    controls = controls_in_reach(user)
    wider = controls.filter(budget=None, entity=budget.entity).count()
    context = {
        "budget": budget,
        "currency": budget.currency,
        "wider": wider,
        "fresh": freshness_of(budget, now=clock.now()),
        "may_state": may_state(user, budget.entity, Node(budget=budget)),
    }
    return _listed(request, controls.filter(budget=budget), KINDS[1:], context)


@require_safe
@needs(*READING)
def entity_controls(request: HttpRequest) -> HttpResponse:
    """List an organization's own controls, over all its budgets (`?entity=` its code; else the first)."""
    user = person_of(request)
    entity = access_entity_to_read(user, request.GET.get("entity", ""))
    context = {
        "entity": entity,
        "entities": readable_entities(user),
        "fresh": freshness_of_entities([entity.pk], now=clock.now()),
        "currency": entity.currency,
        "may_state": may_state(user, entity, Node()),
    }
    kinds = [kind for kind in KINDS if kind[0] not in {"budget", "line"}]
    return _listed(request, controls_in_reach(user).filter(entity=entity, budget=None), kinds, context)


@require_safe
@needs(*READING)
def control(request: HttpRequest, control_id: int) -> HttpResponse:
    """Show a control: its terms, every window with what is held there, and who stated what."""
    user = person_of(request)
    found = access_control_by_id(user, control_id)
    stands = stand_rows(found)
    context = {
        "control": found,
        "kind": kind_of(found),
        "page": Paginator(stands, ROWS).get_page(request.GET.get("page")),
        "over": sum(1 for row in stands if row.stand.left < 0),
        "history": history_of(found),
        "fresh": freshness_of_control(found, now=clock.now()),
        "may_change": may_state(user, found.entity, Node(found.account, found.budget, found.cost_centre)),
        "seen": fingerprint(found),
    }
    return render(request, "budgets/control.html", context)


def _listed(
    request: HttpRequest, controls: QuerySet[Control], kinds: list[tuple[str, str]], context: dict[str, Any]
) -> HttpResponse:
    chosen = ControlFilter(request.GET or None, queryset=controls, kinds=kinds)
    page = Paginator(chosen.qs, ROWS).get_page(request.GET.get("page"))
    more = {
        "filter": chosen,
        "filtered": any(request.GET.get(name) for name in ("kind", "mode")),
        "page": page,
        "rows": control_rows(list(page)),
    }
    return render(request, "budgets/controls.html", context | more)
