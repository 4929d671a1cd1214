"""Amending a budget month by month: its lines and months as a grid, what that would change, and asking for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from babel.numbers import get_currency_precision
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.grid_forms import GridForm, typed_over
from approvals.models import Request
from approvals.selectors.amendments import access_amendable
from approvals.selectors.terms import amendment_of
from approvals.services.amendments import Prospect, Wanted, amend_budget, preview_amendment
from approvals.views.amended import Opened, chain_of, form_key_of, onward, opened, own_amendment, refused, would_be
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown
from budgets.models import Budget, BudgetVersion
from budgets.rules.grids import Frame, Grid, Place, PlannedRow, Typed, grid_of, open_within, written
from budgets.rules.months import months_between
from budgets.selectors.budgets import version_in_force
from budgets.selectors.grids import planned_rows
from budgets.selectors.overview import freshness_of
from budgets.services.amended_rows import Amounts
from core import clock
from core.access import needs
from core.errors import InvalidInput, Refusal, Stale
from core.models import User
from core.posted import posted
from core.rules.rights import Right

ZERO = Decimal(0)


@dataclass
class Editing:
    """One showing of the grid: who changes what from which month on, what is typed, and what went wrong."""

    person: User
    budget: Budget
    begun: Opened
    rows: list[PlannedRow]
    form: GridForm
    form_key: UUID = field(default_factory=uuid4)
    kept: Request | None = None
    typed: Mapping[Place, Typed] = field(default_factory=dict)
    # The version that it was typed over, where another one is in force by now.
    seen: BudgetVersion | None = None
    said: dict[str, str] = field(default_factory=dict)
    prospect: Prospect | None = None
    refusal: RefusalShown | None = None
    status: int = 200

    @property
    def grid(self) -> Grid:
        """The grid as it is to be shown."""
        room, left_out = open_within(len(self.rows), [month for month in self.begun.months if month >= self.begun.since])
        frame = Frame(
            months=months_between(self.budget.starts_on, self.budget.ends_on),
            open_months=frozenset(room),
            places=get_currency_precision(self.budget.currency),
            begins=self.begun.since,
            refused=self.said,
        )
        return grid_of(
            self.rows, frame, self.typed, seen=planned_rows(self.seen) if self.seen is not None else None, left_out=left_out
        )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Show a budget's amounts month by month; a POST adds them up, says what they would change, or asks for it."""
    person = person_of(request)
    return _page(request, person, access_amendable(person, code))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show an amendment that was sent back with the amounts that it asks for."""
    person = person_of(request)
    kept, budget = own_amendment(person, number)
    return _page(request, person, budget, kept)


def _page(request: HttpRequest, person: User, budget: Budget, kept: Request | None = None) -> HttpResponse:
    begun = opened(request, budget)
    form = GridForm(posted(request), initial={"base": begun.version.pk, "reason": kept.reason if kept else ""})
    editing = Editing(person, budget, begun, planned_rows(begun.version), form, form_key_of(request), kept)
    if request.method != "POST":
        editing.typed = _asked_before(editing)
        return _show(request, editing)
    form.is_valid()
    seen = _seen(editing)
    editing.typed = _typed(request, editing, seen)
    if seen is not None and seen.pk != begun.version.pk:
        return _came_between(request, editing, seen)
    if form.errors or not begun.form.is_valid() or editing.grid.wrong:
        editing.status = 422
        return _show(request, editing)
    if request.POST.get("then") == "sum":
        return _show(request, editing)
    return _take(request, editing)


def _seen(editing: Editing) -> BudgetVersion | None:
    """Return the version that the amounts were typed over, None where the form does not say."""
    base = editing.form.cleaned_data.get("base")
    seen = BudgetVersion.objects.filter(budget=editing.budget, pk=base).first() if base else None
    if seen is None:
        editing.form.add_error(None, "The page does not say over which version this was typed. Open it anew.")
    return seen


def _typed(request: HttpRequest, editing: Editing, seen: BudgetVersion | None) -> dict[Place, Typed]:
    budget = editing.budget
    rows = editing.rows if seen in {None, editing.begun.version} else planned_rows(seen)
    spans = [month for row in rows for month in row.months]
    months = months_between(min([budget.starts_on, *spans]), max([budget.ends_on, *spans]))
    return typed_over(rows, months, request.POST, budget.currency)


def _asked_before(editing: Editing) -> dict[Place, Typed]:
    """Return what an amendment that was sent back asks for, as if it was typed again."""
    amendment = amendment_of(editing.kept) if editing.kept else None
    if amendment is None:
        return {}
    places = get_currency_precision(editing.budget.currency)
    stands = {row.key: row.months for row in editing.rows}
    return {
        (row.key, month): Typed(written(amount, places), stands[row.key].get(month, ZERO), amount)
        for row in planned_rows(amendment.version)
        for month, amount in row.months.items()
        if row.key in stands
    }


def _came_between(request: HttpRequest, editing: Editing, seen: BudgetVersion) -> HttpResponse:
    """Show what was typed over the version that is in force by now; the form goes on from that one."""
    editing.seen, editing.status = seen, Stale.status
    editing.form.data = {**request.POST.dict(), "base": str(editing.begun.version.pk)}
    return _show(request, editing)


def _take(request: HttpRequest, editing: Editing) -> HttpResponse:
    try:
        wanted = _wanted(editing)
        if request.POST.get("then") == "ask":
            kept_id = editing.kept.pk if editing.kept else None
            done = amend_budget(actor=editing.person, wanted=wanted, form_key=editing.form_key, request_id=kept_id)
            return onward(request, editing.budget, editing.begun.since, done)
        editing.prospect = preview_amendment(actor=editing.person, wanted=wanted)
    except InvalidInput as refusal:
        _say(editing, refusal)
    except Stale as refusal:
        return _since_then(request, editing, refusal)
    except Refusal as refusal:
        editing.refusal = refused(editing.person, editing.budget, refusal)
        editing.status = refusal.status
    return _show(request, editing)


def _since_then(request: HttpRequest, editing: Editing, refusal: Stale) -> HttpResponse:
    """Another version came in force while this one was looked at: begin again over that one."""
    in_force = version_in_force(editing.budget)
    if in_force is not None and in_force != editing.begun.version:
        return _page(request, editing.person, editing.budget, editing.kept)
    editing.refusal, editing.status = refused(editing.person, editing.budget, refusal), refusal.status
    return _show(request, editing)


def _wanted(editing: Editing) -> Wanted:
    data = editing.form.cleaned_data
    return Wanted(
        budget=editing.budget,
        base_id=data["base"],
        since=editing.begun.since,
        reason=data["reason"],
        amounts=Amounts(months=editing.grid.changed_months()),
        is_forced=data["is_forced"],
    )


def _say(editing: Editing, refusal: InvalidInput) -> None:
    """Put each sentence beside the cell or the field that it is about."""
    editing.status = 422
    for name, sentence in (refusal.details or {"": str(refusal)}).items():
        if name.startswith("cell-"):
            editing.said[name] = str(sentence)
        else:
            editing.form.add_error(name if name in editing.form.fields else None, str(sentence))


def _show(request: HttpRequest, editing: Editing) -> HttpResponse:
    budget, kept, prospect = editing.budget, editing.kept, editing.prospect
    name, where = ("approvals:grid-edit", kept.number) if kept else ("approvals:grid", budget.code)
    context: dict[str, Any] = {
        "budget": budget,
        "version": editing.begun.version,
        "since": editing.begun.since,
        "since_form": editing.begun.form,
        "form": editing.form,
        "form_key": editing.form_key,
        "grid": editing.grid,
        "places": get_currency_precision(budget.currency),
        "seen": editing.seen,
        "kept": kept,
        "action": reverse(name, args=[where]),
        "refusal": editing.refusal,
        "prospect": prospect,
        "fresh": freshness_of(budget, now=clock.now()) if prospect else None,
        "would_be": would_be(editing.person, budget, prospect),
        "chain": chain_of(prospect),
    }
    return render(request, "approvals/grid.html", context, status=editing.status)
