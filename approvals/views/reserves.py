"""The reserve report of an organization, and a reserve: what is stated of it, stating it anew, giving it up."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.models import Reserve
from approvals.reserve_forms import CloseForm, ReserveForm, TermsForm, initial_of
from approvals.selectors.requests import visible_requests
from approvals.selectors.reserve_reports import ReserveReport, ReserveRow, month_of_report, reserve_report
from approvals.selectors.reserves import (
    access_entity_of_reserves,
    access_reserve_by_id,
    approver_words,
    approvers_to_choose,
    basis_words,
    draws_seen,
    keeps_reserves,
    latest_terms,
    lines_to_hold_one,
    target_at,
    terms_at,
)
from approvals.services.reserves import close_reserve, make_reserve, state_reserve
from budgets.rules.months import first_of
from budgets.selectors.balances import account_figures
from budgets.selectors.budgets import READING
from budgets.selectors.freshness import freshness_of_month
from budgets.selectors.overview import freshness_of
from core import clock
from core.access import entities_of, may, needs
from core.errors import InvalidInput, NotAllowed, Refusal
from core.models import Entity, User
from core.rules.rights import Right
from core.rules.sheets import as_csv, cell
from core.views.people import person_of

SEEING = (Right.REQUEST, Right.DECIDE, Right.REPORT, Right.AUDIT, Right.ADMINISTER)
HEAD = (
    *("record", "organization", "month", "reserve", "currency", "target", "held_at_start", "added", "drawn", "given_back"),
    *("left", "waiting", "against_target", "request", "line", "approved_by", "document", "report", "report_due"),
)


@require_safe
@needs(*SEEING)
def reserves(request: HttpRequest) -> HttpResponse:
    """Show the reserve report of an organization (`?entity=`) and a month (`?month=2026-11`)."""
    user = person_of(request)
    report = _asked(request, user)
    context = {
        "report": report,
        "fresh": freshness_of_month(report.entity, report.month, as_of=clock.now()),
        "entity": report.entity,
        "entities": list(entities_of(user).order_by("code")),
        "rows": [(row, *_links(row, report.month), _may_draw(user, row)) for row in report.rows],
        "any_draws": any(row.draws for row in report.rows),
        "keeps": keeps_reserves(user, report.entity),
        "query": urlencode({"entity": report.entity.code, "month": f"{report.month:%Y-%m}"}),
        "reads": may(user, *READING[:1], entity=report.entity)
        or any(may(user, right, entity=report.entity) for right in READING),
    }
    return render(request, "approvals/reserves.html", context)


@require_safe
@needs(*SEEING)
def reserves_csv(request: HttpRequest) -> HttpResponse:
    """Give the report as CSV: a row for each reserve, and one for each draw in the month."""
    report = _asked(request, person_of(request))
    rows = [cells for row in report.rows for cells in _cells(report, row)]
    response = HttpResponse(as_csv([HEAD, *rows]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="reserves-{report.entity.code}-{report.month:%Y-%m}.csv"'
    return response


def _asked(request: HttpRequest, user: User) -> ReserveReport:
    entity = access_entity_of_reserves(user, request.GET.get("entity", "")[:60])
    return reserve_report(user, entity, month_of_report(entity, month_asked(request.GET.get("month", ""))))


def month_asked(text: str) -> date | None:
    """Return the month that YYYY-MM names; None where nothing was asked. Raises InvalidInput for anything else."""
    if not text:
        return None
    try:
        month = date.fromisoformat(f"{text[:20]}-01")
    except ValueError as error:
        raise InvalidInput(f"“{text[:20]}” is not a month.", remedy="Write it as 2026-10.") from error
    if not date(1990, 1, 1) <= month <= date(2200, 1, 1):
        raise InvalidInput("That month is too far away for a report.", remedy="Name one from 1990 to 2200.")
    return month


def _links(row: ReserveRow, month: date) -> tuple[str, str]:
    """Return where the entries of the month, and those of all months up to it, are."""
    account = row.reserve.account
    url, asked = reverse("budgets:entries", args=[account.budget.code]), {"account": account.pk, "bucket": "allotted"}
    return f"{url}?{urlencode(asked | {'month': f'{month:%Y-%m}'})}", f"{url}?{urlencode(asked | {'until': f'{month:%Y-%m}'})}"


def _may_draw(user: User, row: ReserveRow) -> bool:
    return row.reserve.closed_at is None and row.terms is not None and may(user, Right.REQUEST, entity=row.reserve.entity)


def _cells(report: ReserveReport, row: ReserveRow) -> list[list[str]]:
    reserve, stand = row.reserve, row.stand
    place = [report.entity.code, f"{report.month:%Y-%m}", cell(reserve.name), reserve.account.currency]
    figures = (row.target.amount, stand.start, stand.added, stand.drawn, stand.given_back, stand.left, row.waiting, row.against)
    found = [["reserve", *place, *map(_figure, figures), *[""] * 6]]
    for each in row.draws:
        drawn = [
            "",
            "",
            "",
            "" if each.is_waiting else _figure(each.amount),
            "",
            "",
            _figure(each.amount) if each.is_waiting else "",
        ]
        due = each.report.due_at.isoformat() if each.report else ""
        said = [each.number, cell(each.line_name), cell(", ".join(each.agreed_by)), cell(each.document)]
        found.append(["draw", *place, *drawn, "", *said, each.report_state, due])
    return found


def _figure(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


# ---------------------------------------------------------------- one reserve


@require_safe
@needs(*SEEING)
def reserve(request: HttpRequest, reserve_id: int) -> HttpResponse:
    """Show a reserve: what holds, what was stated before, what was drawn."""
    user = person_of(request)
    return _shown(request, user, access_reserve_by_id(user, reserve_id))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def new(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Make a reserve of a budget line, and state what holds for it."""
    user = person_of(request)
    entity = _kept(user, access_entity_of_reserves(user, entity_code))
    fields: dict[str, Any] = {
        "entity": entity,
        "accounts": lines_to_hold_one(entity),
        "approvers": approvers_to_choose(entity),
    }
    if request.method != "POST":
        form = ReserveForm(initial={"starts_on": f"{clock.now():%Y-%m}", "report_days": 5}, **fields)
        return _form(request, form, entity)
    form = ReserveForm(request.POST, **fields)
    if not form.is_valid():
        return _form(request, form, entity, status=422)
    account = form.line()
    terms = form.terms(account.currency)
    if terms is None:
        return _form(request, form, entity, status=422)
    data = form.cleaned_data
    try:
        made = make_reserve(account=account, code=data["code"], name=data["name"], terms=terms, actor=user)
    except Refusal as refusal:
        say_on(form, refusal)
        return _form(request, form, entity, status=422 if isinstance(refusal, InvalidInput) else refusal.status)
    messages.success(request, f"{made.name} is kept on {account.name}. Nobody spends from it but by a draw.")
    return redirect("approvals:reserve", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def state(request: HttpRequest, reserve_id: int) -> HttpResponse:
    """State anew what holds for a reserve, from a month on."""
    user = person_of(request)
    found = access_reserve_by_id(user, reserve_id)
    _kept(user, found.entity)
    before = latest_terms(found)
    approvers = approvers_to_choose(found.entity, stated=before.approver if before else "")
    fields: dict[str, Any] = {"entity": found.entity, "approvers": approvers}
    if request.method != "POST":
        initial = dict(initial_of(before)) if before else {}
        initial["starts_on"] = max(str(initial.get("starts_on", "")), f"{clock.now():%Y-%m}")
        return _form(request, TermsForm(initial=initial, **fields), found.entity, found)
    form = TermsForm(request.POST, **fields)
    terms = form.terms(found.account.currency) if form.is_valid() else None
    if terms is None:
        return _form(request, form, found.entity, found, status=422)
    try:
        made = state_reserve(reserve_id=found.pk, terms=terms, actor=user)
    except Refusal as refusal:
        say_on(form, refusal)
        return _form(request, form, found.entity, found, status=422 if isinstance(refusal, InvalidInput) else refusal.status)
    messages.success(request, f"Statement {made.number} of {found.name} holds from {made.starts_on:%B %Y}.")
    return redirect("approvals:reserve", found.pk)


@require_POST
@needs(Right.BUDGET)
def close(request: HttpRequest, reserve_id: int) -> HttpResponse:
    """Give a reserve up."""
    user = person_of(request)
    found = access_reserve_by_id(user, reserve_id)
    _kept(user, found.entity)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _shown(request, user, found, form, status=422)
    try:
        close_reserve(reserve_id=found.pk, reason=form.cleaned_data["reason"], actor=user)
    except Refusal as refusal:
        say_on(form, refusal)
        return _shown(request, user, found, form, status=refusal.status)
    messages.success(request, f"{found.name} is given up. {found.account.name} is an ordinary line again.")
    return redirect("approvals:reserve", found.pk)


def say_on(form: Any, refusal: Refusal) -> None:
    """Say beside its field why what was typed cannot be, or above the form where it is about none."""
    said = refusal.details if isinstance(refusal, InvalidInput) and refusal.details else {"": str(refusal)}
    for name, sentence in said.items():
        form.add_error(name if name in form.fields else None, str(sentence))


def _kept(user: User, entity: Entity) -> Entity:
    if not keeps_reserves(user, entity):
        raise NotAllowed(f"You do not keep the books of {entity.name}.", remedy="Ask finance to state it.")
    return entity


def _form(request: HttpRequest, form: Any, entity: Entity, found: Reserve | None = None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "entity": entity, "reserve": found, "has_lines": found or getattr(form, "accounts", None)}
    return render(request, "approvals/reserve_form.html", context, status=status)


def _shown(request: HttpRequest, user: User, found: Reserve, form: CloseForm | None = None, *, status: int = 200) -> HttpResponse:
    month = first_of(clock.now().date())
    terms = terms_at(found, month)
    draws = list(draws_seen(found)[:100])
    seen = set(visible_requests(user).filter(pk__in=[draw.request_id for draw in draws]).values_list("pk", flat=True))
    figures = account_figures([found.account_id])[found.account_id]
    context = {
        "reserve": found,
        "month": month,
        "terms": terms,
        "approver": approver_words(terms) if terms else "",
        "target": target_at(found, terms, month),
        "figures": figures,
        "fresh": freshness_of(found.account.budget, now=clock.now()),
        "statements": [
            (each, approver_words(each), basis_words(each, found.account.currency))
            for each in found.terms.select_related("stated_by", "budget", "cost_centre")
        ],
        "draws": [(draw, draw.request_id in seen) for draw in draws],
        "may_draw": found.closed_at is None and terms is not None and may(user, Right.REQUEST, entity=found.entity),
        "keeps": keeps_reserves(user, found.entity) and found.closed_at is None,
        "form": form or CloseForm(),
        "query": urlencode({"entity": found.entity.code}),
    }
    return render(request, "approvals/reserve.html", context, status=status)
