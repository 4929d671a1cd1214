"""The unified view: budget, held and spent by category and by source, its files, and the entries behind each figure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.errors import InvalidInput, WrongState
from core.models import User
from core.rules.sheets import as_csv, cell
from core.rules.workbooks import as_workbook
from core.views.people import person_of
from core.workbooks import XLSX
from reconciliation.selectors.reading import may_reconcile
from reporting.forms import month_asked
from reporting.rules.unified import Unified, charted
from reporting.rules.unified_table import TEXTS, table_of
from reporting.selectors.unified import freshness_of_figure, unified_view
from reporting.selectors.unified_entries import Figure, entries_of, origins_of
from reporting.selectors.unified_scope import Asked, Scope, access_scope
from reporting.unified_forms import ScopeForm, SpanForm
from reporting.views.reports import today_for
from reporting.views.unified_shown import Ways, figure_words, shown_of

PLACES = ("entity", "budget", "cost_centre")


@dataclass(frozen=True, slots=True)
class Read:
    """A view that was read, what it is of, and the form by which it was asked for."""

    scope: Scope
    view: Unified
    form: SpanForm


@require_safe
def unified(request: HttpRequest) -> HttpResponse:
    """Show the view of an organization, a budget or a cost centre. 422: something asked for cannot be; the usual is shown."""
    user = person_of(request)
    read = _read(request, user)
    scope, view = read.scope, read.view
    ways = Ways(scope, view)
    today = today_for(user, scope.budget)
    context = {
        "scope": scope,
        "view": view,
        "form": read.form,
        "scope_form": ScopeForm(user, scope),
        "shown": shown_of(view, ways, frozenset(request.GET.getlist("shut")[:200])),
        "ways": ways,
        "chart": charted(view.months, today),
        "sees_books": scope.sees_books,
        "may_expect": may_reconcile(user, scope.entity),
    }
    return render(request, "reporting/unified.html", context, status=422 if read.form.errors else 200)


@require_safe
def unified_csv(request: HttpRequest) -> HttpResponse:
    """Give the view as CSV, with a column for each source."""
    read = _asked_well(request)
    head, rows = table_of(read.view)
    lines = [[cell(each) for each in head], *([_text(each) for each in row] for row in rows)]
    return _file(as_csv(lines), read, "csv", "text/csv; charset=utf-8")


@require_safe
def unified_workbook(request: HttpRequest) -> HttpResponse:
    """Give the same table as an Excel workbook."""
    read = _asked_well(request)
    head, rows = table_of(read.view)
    return _file(as_workbook("Unified view", head, rows, places=2, texts=len(TEXTS)), read, "xlsx", XLSX)


@require_safe
def unified_entries(request: HttpRequest) -> HttpResponse:
    """List the entries that a figure of the view is made of, fifty at a time, with what all of them come to."""
    user = person_of(request)
    form, scope = _asked_scope(request, user)
    said = request.GET
    figure = Figure(
        bucket=said.get("bucket", "spent"),
        category=said.get("category", ""),
        direct=bool(said.get("direct")),
        system=said.get("system", ""),
        origin=said.get("origin", ""),
        month=month_asked(said.get("month", "")),
        elsewhere=bool(said.get("elsewhere")),
    )
    number = said.get("page", "1")
    page = min(max(int(number), 1), 10**6) if number.isascii() and number.isdigit() and len(number) < 8 else 1
    as_of: datetime | None = form.cleaned_data.get("as_of")
    origins = origins_of(scope)
    found = entries_of(scope, figure, origins, as_of=as_of, page=page)
    if found.count and page > found.pages:
        found = entries_of(scope, figure, origins, as_of=as_of, page=found.pages)
    context = {
        "scope": scope,
        "found": found,
        "words": figure_words(figure, origins),
        "as_of": as_of,
        "fresh": freshness_of_figure(scope, figure.month, as_of=as_of),
        "back": _kept(request, *PLACES, "first", "last", "as_of"),
        "before": _kept(request, page=found.page - 1) if found.page > 1 else "",
        "after": _kept(request, page=found.page + 1) if found.page < found.pages else "",
        "sees_rows": scope.sees_books,
    }
    return render(request, "reporting/unified_entries.html", context)


def _asked_scope(request: HttpRequest, user: User) -> tuple[SpanForm, Scope]:
    """Return a form without faults and what it is about. Raises InvalidInput for what cannot be read."""
    form, scope = _scope(request, user)
    if form.errors:
        name, faults = next(iter(form.errors.items()))
        raise InvalidInput(str(faults[0]), remedy="Go back to the view, and correct it there.", code=f"{name}_cannot_be")
    return form, scope


def _asked_well(request: HttpRequest) -> Read:
    form, scope = _asked_scope(request, person_of(request))
    return Read(scope, unified_view(scope, as_of=form.cleaned_data.get("as_of")), form)


def _scope(request: HttpRequest, user: User) -> tuple[SpanForm, Scope]:
    form = SpanForm(request.GET)
    today = today_for(user)
    entity, budget, centre = (request.GET.get(name, "")[:60] for name in PLACES)
    places = Asked(entity, budget, centre)
    usual = access_scope(user, places, today=today)
    asked = form.in_zone(usual.entity.time_zone).asked(places)
    try:
        return form, usual if asked == places else access_scope(user, asked, today=today)
    except InvalidInput as refusal:
        form.refuse(refusal.code, str(refusal))
        return form, usual


def _read(request: HttpRequest, user: User) -> Read:
    form, scope = _scope(request, user)
    try:
        view = unified_view(scope, as_of=form.cleaned_data.get("as_of"))
    except WrongState as refusal:
        form.refuse(refusal.code, str(refusal))
        view = unified_view(scope)
    return Read(scope, view, form)


def _text(value: Any) -> str:
    return cell(value) if isinstance(value, str) else f"{value:.2f}"


def _file(content: bytes, read: Read, ending: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    of = read.scope.budget or read.scope.centre or read.scope.entity
    name = f"unified-{of.code}-{read.scope.first:%Y-%m}-{read.scope.last:%Y-%m}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _kept(request: HttpRequest, *names: str, **other: Any) -> str:
    """Return the query with only `names` kept, or all of it, and with `other` said instead."""
    query = request.GET.copy()
    for name in list(query):
        if (names and name not in names) or name in other:
            del query[name]
    for name, value in other.items():
        query[name] = str(value)
    return query.urlencode()
