"""Opening a budget with the balances of the system before: shown first, posted once, taken back by the opposite journal."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from budgets.models import Budget, Journal
from budgets.opening_forms import OpeningForm, UndoForm
from budgets.rules.opening_table import HEAD, read_table, text_of_rows
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.opening import (
    OpeningPreview,
    lines_to_open,
    month_of,
    name_of,
    openings_of,
    preview_opening,
    standing_opening,
)
from budgets.selectors.overview import freshness_of
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.ledger import PostedJournal
from budgets.services.opening import open_budget, undo_opening
from core import clock
from core.access import needs
from core.errors import ClosedPeriod, InvalidInput, Refusal, WrongState
from core.models import User
from core.rules.rights import Right
from core.rules.sheets import cell
from core.views.people import person_of
from core.views.trying import may_be_tried

LOOK_AGAIN = "The rows or the sums are not those that were shown. Look at what they would do, then post it."


@dataclass(frozen=True)
class Opened:
    """An opening in the list: its journal, the old system's name, the month that it posted into."""

    journal: Journal
    name: str
    month: date | None
    reversal: Journal | None


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def opening(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an old system's rows would post; a POST with `then` set to `do` posts them, if they are what was shown."""
    user = person_of(request)
    budget = _to_open(user, code)
    if request.method != "POST":
        return _shown(request, budget, OpeningForm(budget=budget, initial=_blank(budget)))
    form = OpeningForm(request.POST, request.FILES, budget=budget)
    preview = _previewed(form, budget) if form.is_valid() else None
    if preview is None:
        return _shown(request, budget, form, status=422)
    wants_it = request.POST.get("then") == "do" and preview.may_post
    if wants_it and form.cleaned_data["shown"] != form.mark():
        form.add_error(None, LOOK_AGAIN)
        return _shown(request, budget, form, preview, status=409)
    try:
        posted = _post(form, preview, user, dry_run=not wants_it) if preview.may_post else None
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        standing = standing_opening(budget, form.cleaned_data["source_name"])
        return _shown(request, budget, form, preview, standing=standing, status=_status_of(refusal))
    if posted is not None and wants_it:
        return _told(request, budget, form, posted)
    return _shown(request, budget, form, preview, repeats=posted if posted and posted.repeat else None)


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def undo(request: HttpRequest, code: str, journal_id: int) -> HttpResponse:
    """Take an opening back."""
    user = person_of(request)
    budget = _to_open(user, code)
    form = UndoForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        undo_opening(budget=budget, journal_id=journal_id, actor=user, reason=reason)
    except (InvalidInput, WrongState, ClosedPeriod) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Journal {journal_id} was taken back. The budget can be opened anew.")
    return redirect("budgets:opening", budget.code)


def _to_open(user: User, code: str) -> Budget:
    budget = access_budget_by_code(user, code)
    access_entity_of_finance(user, budget.entity.code)
    return budget


def _previewed(form: OpeningForm, budget: Budget) -> OpeningPreview | None:
    try:
        rows = read_table(form.cleaned_data["text"], currency=budget.currency)
    except InvalidInput as refusal:
        form.add_error("rows", str(refusal))
        return None
    preview = preview_opening(budget, rows, form.cleaned_data["totals"])
    if not preview.rows:
        form.add_error("rows", "No row says an amount. Type what the old system has.")
        return None
    return preview


def _post(form: OpeningForm, preview: OpeningPreview, user: User, *, dry_run: bool) -> PostedJournal:
    data = form.cleaned_data
    return open_budget(
        budget=form.budget,
        month=data["month"],
        source_name=data["source_name"],
        rows=preview.postings,
        totals=data["totals"],
        actor=user,
        dry_run=dry_run,
    )


def _told(request: HttpRequest, budget: Budget, form: OpeningForm, posted: PostedJournal) -> HttpResponse:
    link = format_html('<a href="{}">journal {}</a>', reverse("budgets:journal", args=[posted.id]), posted.id)
    name = form.cleaned_data["source_name"]
    if posted.repeat:
        messages.info(request, format_html("{} was opened with these rows before, as {}. Nothing changed.", name, link))
    else:
        messages.success(request, format_html("{} is opened with the balances of {}, as {}.", budget.name, name, link))
    return redirect("budgets:opening", budget.code)


def _status_of(refusal: Refusal) -> int:
    return 422 if isinstance(refusal, InvalidInput) else refusal.status


def _blank(budget: Budget) -> dict[str, str]:
    """Return the table to begin with: a row for each line of the budget, and the month that the budget starts in."""
    lines = [[cell(text) for text in (each.category.code, each.cost_centre.code, each.name)] for each in lines_to_open(budget)]
    rows = [list(HEAD), *([*line, *[""] * (len(HEAD) - len(line))] for line in lines)]
    return {"rows": text_of_rows(rows), "month": f"{budget.starts_on:%Y-%m}"}


def _shown(
    request: HttpRequest,
    budget: Budget,
    form: OpeningForm,
    preview: OpeningPreview | None = None,
    *,
    repeats: PostedJournal | None = None,
    standing: Journal | None = None,
    status: int = 200,
) -> HttpResponse:
    if preview is not None:
        form.keep("shown", form.mark())
    opened = [
        Opened(each, name_of(each), month_of(each), getattr(each, "reversed_by", None)) for each in openings_of(budget)[:50]
    ]
    context = {
        "budget": budget,
        "form": form,
        "preview": preview,
        "fresh": freshness_of(budget, now=clock.now()) if preview else None,
        "repeats": repeats,
        "standing": standing,
        "opened": opened,
        "undo_form": UndoForm(),
    }
    return render(request, "budgets/opening.html", context, status=status)
