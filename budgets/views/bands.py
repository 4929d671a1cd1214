"""A budget's estimate bands: how they stand in a month, and stating them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from budgets.band_forms import MORE_ROWS, BandForm, ShownMonthForm, filled_from
from budgets.models import Budget
from budgets.rules.months import first_of
from budgets.selectors.band_statements import (
    access_budget_to_estimate,
    bands_in_reach,
    data_of,
    latest_band,
    may_state_bands,
)
from budgets.selectors.bands import month_to_show, standing
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.overview import freshness_of, reads_whole
from budgets.services.bands import state_band
from budgets.views.budgets import READERS
from core import clock
from core.access import needs
from core.errors import InvalidInput, WrongState
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of

ROWS = 20


@require_safe
@needs(*READERS)
def bands(request: HttpRequest, code: str) -> HttpResponse:
    """Show a budget's bands in a month (`?month=`, else the last one with spend), and what was stated."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    form = ShownMonthForm(request.GET if request.GET.get("month") else None, budget=budget)
    asked = form.cleaned_data["month"] if form.is_bound and form.is_valid() else None
    month = asked or month_to_show(user, budget)
    if not form.is_bound:
        form = ShownMonthForm(initial={"month": month}, budget=budget)
    context = {
        "budget": budget,
        "form": form,
        "stand": standing(user, budget, month),
        "month_text": f"{month:%Y-%m}",
        "page": Paginator(bands_in_reach(user, budget), ROWS).get_page(request.GET.get("page")),
        "fresh": freshness_of(budget, now=clock.now()),
        "whole": reads_whole(user, budget),
        "may_state": may_state_bands(user, budget),
    }
    return render(request, "budgets/bands.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def state(request: HttpRequest, code: str) -> HttpResponse:
    """State a band (`?at=` the cost centre to begin with). 422: it cannot hold; 409: one begins later. What was typed stays."""
    user = person_of(request)
    budget = access_budget_to_estimate(user, code)
    if request.method == "POST" and {"more", "more_targets"} & set(request.POST):
        return _form(request, budget, _with_more_rows(request, budget))
    form = BandForm(posted(request), budget=budget, initial=_begun(request, budget))
    if not form.is_bound:
        return _form(request, budget, form)
    if not form.is_valid():
        return _form(request, budget, form, status=422)
    centre = form.cleaned_data["cost_centre"]
    try:
        band = state_band(budget=budget, cost_centre=centre, data=form.stated(), actor=user)
    except InvalidInput as refusal:
        form.refuse(refusal.details)
        return _form(request, budget, form, status=422)
    except WrongState as refusal:
        form.add_error("starts_on", str(refusal))
        return _form(request, budget, form, status=409)
    words = "has no band" if band.is_withdrawn else "has its band"
    messages.success(request, f"{centre.name} {words} from {band.starts_on:%B %Y} on.")
    return redirect("budgets:bands", budget.code)


def _begun(request: HttpRequest, budget: Budget) -> dict[str, object]:
    month = min(max(first_of(clock.now().date()), budget.starts_on), budget.ends_on)
    centre = budget.entity.cost_centres.filter(code=request.GET.get("at", "")).first()
    before = latest_band(budget, centre) if centre is not None else None
    if centre is None or before is None:
        return {"cost_centre": centre.pk if centre else None, "starts_on": month}
    return filled_from(centre, data_of(before), month)


def _with_more_rows(request: HttpRequest, budget: Budget) -> BandForm:
    typed = BandForm(request.POST, budget=budget)
    kept = {name: value for name, value in request.POST.items() if name not in {"more", "more_targets", "csrfmiddlewaretoken"}}
    kept["rows"] = str(typed.count + MORE_ROWS * ("more" in request.POST))
    kept["target_rows"] = str(typed.targets + ("more_targets" in request.POST))
    return BandForm(budget=budget, initial=kept)


def _form(request: HttpRequest, budget: Budget, form: BandForm, status: int = 200) -> HttpResponse:
    return render(request, "budgets/band_form.html", {"budget": budget, "form": form}, status=status)
