"""A month's chargeback in five steps, for finance: collect, allocate, adjust, statements, review; then post."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.chargeback_forms import AdjustForm, DrawForm, ReasonForm
from budgets.models import ChargebackRun
from budgets.rules.months import add_months, first_of
from budgets.selectors.chargeback_figures import MONTHS, figures_of_chargebacks
from budgets.selectors.chargebacks import (
    access_run_by_id,
    borne_in,
    differences,
    document_of,
    journal_of,
    levels_of,
    pools_of,
    run_before,
    runs_beside,
    runs_in_reach,
    totals_of,
)
from budgets.selectors.freshness import freshness_of_run, freshness_of_runs
from budgets.selectors.months import open_among
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books, holding_rules
from budgets.selectors.statements import keeps_books
from budgets.selectors.tag_compliance import tagged_pct
from budgets.services.chargeback_posting import post_chargeback, undo_chargeback
from budgets.services.chargebacks import AdjustmentData, adjust, draw_up, drop, send_statements
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, Refusal
from core.models import Entity, User
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried

ROWS = 24


@require_safe
@needs(*BOOKS)
def chargebacks(request: HttpRequest) -> HttpResponse:
    """List an organization's chargebacks with how they go (`?entity=` its code)."""
    user = person_of(request)
    return _home(request, user, access_entity_of_books(user, request.GET.get("entity", "")))


@require_POST
@needs(Right.BUDGET)
def draw(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Draw a month up. 422: something is missing or cannot be so; 409: refused."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = DrawForm(request.POST, rules=_rules_offered(entity))
    if not form.is_valid():
        return _home(request, user, entity, form=form, status=422)
    data = form.cleaned_data
    try:
        run = draw_up(entity=entity, month=data["month"], rules_code=data["rules"], actor=user)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _home(request, user, entity, form=form, status=max(refusal.status, 409))
    messages.success(request, f"{run} is drawn up. Look at what goes where; then put it before the managers.")
    return redirect("budgets:chargeback", run.pk)


@require_safe
@needs(*BOOKS)
def chargeback(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show a month's chargeback in its five steps. Raises NotFound."""
    user = person_of(request)
    return _page(request, user, access_run_by_id(user, run_id))


@require_POST
@needs(Right.BUDGET)
def adjusting(request: HttpRequest, run_id: int) -> HttpResponse:
    """Move an amount from one receiver to another. 422: something is missing."""
    user = person_of(request)
    run = _kept(user, run_id)
    form = AdjustForm(request.POST, run=run)
    if not form.is_valid():
        return _page(request, user, run, adjust_form=form, status=422)
    try:
        made = adjust(run_id=run.pk, data=AdjustmentData(**form.cleaned_data), actor=user)
    except InvalidInput as refusal:
        for name, sentence in refusal.details.items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _page(request, user, run, adjust_form=form, status=422)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, run, adjust_form=form, status=refusal.status)
    messages.success(request, f"{made.amount:,.2f} goes from {made.giver.name} to {made.taker.name}. The sum stays.")
    return redirect("budgets:chargeback", run.pk)


@require_POST
@needs(Right.BUDGET)
def sending(request: HttpRequest, run_id: int) -> HttpResponse:
    """Put the statements before the managers."""

    def act(user: User, run: ChargebackRun) -> str:
        sent = send_statements(run_id=run.pk, actor=user)
        return f"Statements sent: {sent.statements.count()}. Each manager has five working days to answer."

    return _do(request, run_id, act)


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def posting(request: HttpRequest, run_id: int) -> HttpResponse:
    """Move the spend to those who bear it."""

    def act(user: User, run: ChargebackRun) -> str:
        post_chargeback(run_id=run.pk, actor=user)
        return f"{run} is posted."

    return _do(request, run_id, act)


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def undoing(request: HttpRequest, run_id: int) -> HttpResponse:
    """Take a posted chargeback back, with a reason."""

    def act(user: User, run: ChargebackRun) -> str:
        undo_chargeback(run_id=run.pk, actor=user, reason=_reason(request))
        return f"{run} is undone. The spend lies where it lay before."

    return _do(request, run_id, act)


@require_POST
@needs(Right.BUDGET)
def dropping(request: HttpRequest, run_id: int) -> HttpResponse:
    """Leave a chargeback that is not posted, with a reason."""

    def act(user: User, run: ChargebackRun) -> str:
        drop(run_id=run.pk, actor=user, reason=_reason(request))
        return f"{run} is dropped. Nothing was moved."

    return _do(request, run_id, act)


def _do(request: HttpRequest, run_id: int, act: Callable[[User, ChargebackRun], str]) -> HttpResponse:
    user = person_of(request)
    run = _kept(user, run_id)
    try:
        messages.success(request, act(user, run))
    except Refusal as refusal:
        return _page(request, user, run, refusal=str(refusal), status=422 if refusal.status < 403 else refusal.status)
    return redirect("budgets:chargeback", run.pk)


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


def _kept(user: User, run_id: int) -> ChargebackRun:
    """Return a chargeback if the person keeps its books. Raises NotFound."""
    run = access_run_by_id(user, run_id)
    access_entity_of_finance(user, run.entity.code)
    return run


def _rules_offered(entity: Entity) -> dict[str, str]:
    return {rules.code: rules.name for rules in holding_rules(entity, first_of(clock.now().date()))}


def _home(request: HttpRequest, user: User, entity: Entity, *, form: DrawForm | None = None, status: int = 200) -> HttpResponse:
    today = first_of(clock.now().date())
    rules = _rules_offered(entity)
    runs = runs_in_reach(user).filter(entity=entity)
    since = add_months(today, 1 - MONTHS)
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "page": Paginator(runs, ROWS).get_page(request.GET.get("page")),
        "figures": figures_of_chargebacks(entity),
        "tagged": tagged_pct(entity, since, today),
        "fresh": freshness_of_runs(runs.filter(month__gte=since), now=clock.now()),
        "months": MONTHS,
        "rules": rules,
        "form": form or DrawForm(rules=rules, initial={"month": _next_month(entity, today)}),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/chargebacks.html", context, status=status)


def _next_month(entity: Entity, today: date) -> date:
    """Return the month before this one while it is open, else this one."""
    before = add_months(today, -1)
    return before if open_among(entity, [before]) else today


def _page(
    request: HttpRequest,
    user: User,
    run: ChargebackRun,
    *,
    adjust_form: AdjustForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    run = access_run_by_id(user, run.pk)
    borne, before = borne_in(run), run_before(run)
    keeps = keeps_books(user, run.entity)
    totals = totals_of(borne)
    pools = pools_of(run)
    names = {each.pool.code: each.pool.name for each in pools}
    beside = runs_beside(run)
    is_first = before is None or (before.state == ChargebackRun.State.DROPPED and not before.parts.exists())
    context: dict[str, Any] = {
        "run": run,
        "document": document_of(run),
        "pools": pools,
        "collected": sum(pool.collected for pool in pools),
        "allocated": sum(pool.allocated for pool in pools),
        "sources": list(run.sources.select_related("account__budget", "account__cost_centre", "account__category")),
        "borne": [(names[row.pool], row) for row in borne],
        "totals": list(totals.items()),
        "levels": [(names[level.pool], level) for level in levels_of(run)],
        "beside": beside,
        "moved_by": next((other for other in beside if other.state == ChargebackRun.State.POSTED), None) if run.is_open else None,
        "adjustments": list(run.adjustments.select_related("giver", "taker", "made_by")),
        "statements": list(run.statements.select_related("receiver", "manager", "answered_by").prefetch_related("disputes")),
        "sums": {centre.pk: amount for centre, amount in totals.items()},
        "before": None if is_first else before,
        "differences": [] if is_first or before is None else differences(run, before),
        "journal": journal_of(run),
        "form": adjust_form or AdjustForm(run=run),
        "adjusted_badly": adjust_form is not None,
        "keeps": keeps,
        "fresh": freshness_of_run(run),
        "is_month_open": bool(open_among(run.entity, [run.month])),
        "refusal": refusal,
        "home": f"{reverse('budgets:chargebacks')}?entity={run.entity.code}",
    }
    return render(request, "budgets/chargeback.html", context, status=status)
