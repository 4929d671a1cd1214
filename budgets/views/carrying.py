"""Carrying a budget on: shown line by line first, posted once for each month, taken back by the opposite journal."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from budgets.carry_forms import CarryForm
from budgets.models import Budget, CarryRun, Journal
from budgets.opening_forms import UndoForm
from budgets.rules.months import add_months, first_of, months_between
from budgets.rules.sentences import money
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.carry_previews import (
    CarryPreview,
    choose_into_budget,
    journals_of,
    later_budgets,
    preview_carrying,
    refuse_second_carry,
    runs_of,
    span_of,
    standing_runs,
)
from budgets.selectors.freshness import freshness_of_budgets
from budgets.selectors.months import open_among
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.carry_runs import carry_budget, undo_carry
from core import clock
from core.access import needs
from core.errors import ClosedPeriod, InvalidInput, Missing, Refusal, Stale, WrongState
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried

SHOWN = 50


@dataclass(frozen=True)
class Carried:
    """What was carried on once, with its journal."""

    run: CarryRun
    journal: Journal | None


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def carry(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a month or a year would hand on; a POST with `then` set to `do` posts it, if it is what was shown."""
    user = person_of(request)
    budget = _to_carry(user, code)
    if request.method != "POST":
        return _shown(
            request, budget, CarryForm(budget=budget, others=later_budgets(budget), initial={"through": _ending(budget)})
        )
    form = CarryForm(request.POST, budget=budget, others=later_budgets(budget))
    if not form.is_valid():
        return _shown(request, budget, form, status=422)
    preview: CarryPreview | None = None
    try:
        preview = _previewed(form)
        refuse_second_carry(budget, preview.span)
        if request.POST.get("then") == "do":
            return _carried(request, preview, user, str(form.cleaned_data["shown"]))
        if preview.may_post:
            carry_budget(
                budget=budget, into_budget=preview.into_budget, span=preview.span, actor=user, seen=preview.mark(), dry_run=True
            )
    except Refusal as refusal:
        return _refused(request, form, preview, refusal)
    return _shown(request, budget, form, preview)


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def undo(request: HttpRequest, code: str, run_id: int) -> HttpResponse:
    """Take back what was carried on."""
    user = person_of(request)
    budget = _to_carry(user, code)
    form = UndoForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        run = undo_carry(budget=budget, run_id=run_id, actor=user, reason=reason)
    except (InvalidInput, WrongState, ClosedPeriod) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"What was carried into {run.into:%B %Y} is taken back. It can be carried on anew.")
    return redirect("budgets:carry", budget.code)


def _to_carry(user: User, code: str) -> Budget:
    budget = access_budget_by_code(user, code)
    access_entity_of_finance(user, budget.entity.code)
    return budget


def _ending(budget: Budget) -> str:
    """Return the month to begin with: the first of the budget that is open and was not carried on yet."""
    done = standing_runs(budget).order_by("-last").first()
    first = add_months(done.last, 1) if done else first_of(budget.starts_on)
    is_open = open_among(budget.entity, months_between(first, budget.ends_on))
    return f"{min(is_open, default=first_of(budget.ends_on)):%Y-%m}"


def _previewed(form: CarryForm) -> CarryPreview:
    data, budget = form.cleaned_data, form.budget
    span = span_of(budget, data["through"], whole_year=data["span"] == "year", into=data["into"])
    if span.into <= span.last:
        sentence = "Choose a month after the last that ends."
        raise InvalidInput("What is left is carried into a later month.", remedy=sentence, details={"into": sentence})
    return preview_carrying(budget, choose_into_budget(budget, span.into, data["into_budget"]), span)


def _carried(request: HttpRequest, preview: CarryPreview, user: User, seen: str) -> HttpResponse:
    run = carry_budget(
        budget=preview.budget, into_budget=preview.into_budget, span=preview.span, actor=user, seen=seen or "nothing"
    )
    journal = journals_of([run])[run.pk]
    link = format_html('<a href="{}">journal {}</a>', reverse("budgets:journal", args=[journal.pk]), journal.pk)
    said = f"{money(run.carried)} {run.currency} is carried into {run.into:%B %Y}, as"
    messages.success(request, format_html("{} {}.", said, link))
    return redirect("budgets:carry", preview.budget.code)


def _refused(request: HttpRequest, form: CarryForm, preview: CarryPreview | None, refusal: Refusal) -> HttpResponse:
    """Show the form with why it is refused, and where the books moved, what would be carried now."""
    named = [name for name in refusal.details if name in form.fields] if isinstance(refusal, InvalidInput | Missing) else []
    form.add_error(named[0] if named else None, str(refusal))
    status = 422 if isinstance(refusal, InvalidInput | Missing) else refusal.status
    before = refusal.details.get("journal") if refusal.code == "carried_before" else None
    may_go_on = isinstance(refusal, Stale)
    return _shown(request, form.budget, form, preview, before=before, may_go_on=may_go_on, status=status)


def _shown(
    request: HttpRequest,
    budget: Budget,
    form: CarryForm,
    preview: CarryPreview | None = None,
    *,
    before: int | None = None,
    may_go_on: bool = True,
    status: int = 200,
) -> HttpResponse:
    if preview is not None:
        data = cast("QueryDict", form.data).copy()
        data["shown"] = preview.mark()
        form.data = data
    runs = list(runs_of(budget)[:SHOWN])
    journals = journals_of(runs)
    context = {
        "budget": budget,
        "form": form,
        "preview": preview,
        "fresh": freshness_of_budgets([budget, preview.into_budget], now=clock.now()) if preview else None,
        "before": before,
        "may_go_on": may_go_on,
        "runs": [Carried(run, journals.get(run.pk)) for run in runs],
    }
    return render(request, "budgets/carry.html", context, status=status)
