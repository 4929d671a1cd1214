"""A budget's lines of staff, held against the day rates and exchange rates of now, and planned anew."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from budgets.day_rate_forms import SinceForm
from budgets.models import Budget
from budgets.rules.months import first_of
from budgets.selectors.budgets import READING, access_budget_by_code, version_in_force
from budgets.selectors.documents import check_reads_whole
from budgets.selectors.overview import freshness_of
from budgets.selectors.staffing import first_month_to_reprice, repriced, staffed_lines
from budgets.selectors.statements import keeps_books
from budgets.views.load import preview_page
from budgets.views.plans import as_yaml, to_change
from core import clock
from core.access import needs
from core.errors import ClosedPeriod, Refusal
from core.rules.rights import Right
from core.views.people import person_of


@require_safe
@needs(*READING)
def staffing(request: HttpRequest, code: str) -> HttpResponse:
    """Hold a budget's lines of staff against the rates of now, with its months from one on (`?since=`, else the next)."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    check_reads_whole(user, budget)
    begun = {"since": first_month_to_reprice(budget, clock.now().date())}
    form = SinceForm(request.GET, budget=budget) if "since" in request.GET else SinceForm(initial=begun, budget=budget)
    if form.is_bound and not form.is_valid():
        return _shown(request, budget, form, {}, status=422)
    since = form.cleaned_data["since"] if form.is_bound else begun["since"]
    version = version_in_force(budget)
    found = staffed_lines(version, since) if version else None
    may = keeps_books(user, budget.entity)
    return _shown(request, budget, form, {"found": found, "since": f"{first_of(since):%Y-%m}", "may_reprice": may})


@require_POST
@needs(Right.BUDGET)
def reprice(request: HttpRequest, code: str) -> HttpResponse:
    """Show what it would do to plan the lines that differ at the rates of now. Nothing is kept before it is loaded."""
    user = person_of(request)
    budget, version = to_change(user, code)
    form = SinceForm(request.POST, budget=budget)
    if not form.is_valid():
        return _shown(request, budget, form, {}, status=422)
    try:
        found = staffed_lines(version, form.cleaned_data["since"])
        return preview_page(request, user, as_yaml(repriced(found)), f"{budget.code}.yaml", found.since)
    except ClosedPeriod as refusal:
        messages.error(request, f"{refusal.message} Choose a later month, so that closed months keep their amounts.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("budgets:staffing", code=budget.code)


def _shown(request: HttpRequest, budget: Budget, form: SinceForm, context: dict[str, Any], status: int = 200) -> HttpResponse:
    known = {"budget": budget, "form": form, "fresh": freshness_of(budget, now=clock.now()), **context}
    return render(request, "budgets/staffing.html", known, status=status)
