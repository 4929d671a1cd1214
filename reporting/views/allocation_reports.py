"""Allocation reports of an organization: by service, by department and project, by cost centre, and against the budget."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from budgets.selectors.rule_sets import BOOKS
from budgets.selectors.spend_tags import last_month_of_spend
from budgets.selectors.tags import keys_held
from core.access import whole_entities_of
from core.errors import InvalidInput
from core.models import Entity, User
from core.rules.sheets import as_csv, cell
from core.views.people import person_of
from reporting.forms import month_asked
from reporting.rules.allocation_report import NOT_TAGGED, TABS, Part, Table, View, folded, narrowed
from reporting.rules.wording import span
from reporting.selectors.allocation_reports import (
    AllocationReport,
    access_reported_entity,
    allocation_report,
    entities_to_report,
)

MOST_COLUMNS = 6
MOST_PARTS = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure and the way to its entries; blank where it has none."""

    amount: Decimal
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a table as it is shown."""

    name: str
    cells: list[Cell]
    total: Decimal


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as it is shown: time against its largest parts, and all parts with their shares."""

    table: Table
    narrow: Table
    lines: list[ShownLine]
    parts: list[Part]
    more: Part | None
    lacks_url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the four reports."""

    name: str
    query: str
    is_current: bool


@require_safe
def allocation(request: HttpRequest) -> HttpResponse:
    """Show one of the four reports (`?view=`) of an organization (`?entity=`) to the end of a month (`?month=`)."""
    user = person_of(request)
    report = _asked(request, user)
    context = {
        "report": report,
        "entity": report.entity,
        "entities": entities_to_report(user),
        "tabs": [Tab(name, _query(report, view), view == report.view) for view, name in TABS.items()],
        "title": TABS[report.view],
        "span": span(report.first, report.last),
        "tables": [_shown(report, table, lacks=_lacks_url(user, report, table)) for table in report.tables],
        "quarters": [(each, _query(report, View.CENTRES, month=each.last)) for each in report.quarters],
        "query": _query(report, report.view),
    }
    return render(request, "reporting/allocation.html", context)


@require_safe
def allocation_csv(request: HttpRequest) -> HttpResponse:
    """Give one of the four reports as CSV: every part by itself, also those that the page shows together."""
    report = _asked(request, person_of(request))
    rows = _quarter_rows(report) if report.view == View.QUARTERS else _rows(report)
    response = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"allocation-{report.view}-{report.entity.code}-{report.month:%Y-%m}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest, user: User) -> AllocationReport:
    entity = access_reported_entity(user, request.GET.get("entity", ""))
    view = view_asked(request.GET.get("view", ""))
    return allocation_report(entity, view, month_or_last(entity, month_asked(request.GET.get("month", ""))))


def view_asked(text: str) -> View:
    """Return the report that is named; the first where none is. Raises InvalidInput."""
    try:
        return View(text or View.SERVICES)
    except ValueError as error:
        raise InvalidInput("There is no such report.", remedy=f"Name one of {', '.join(View)}.") from error


def month_or_last(entity: Entity, month: date | None) -> date:
    """Return the month that is asked for, else the last one in which the organization spent. Raises InvalidInput."""
    if month is not None and not date(1990, 1, 1) <= month <= date(2200, 1, 1):
        raise InvalidInput("That month is too far away for a report.", remedy="Name one from 1990 to 2200.")
    return month or last_month_of_spend(entity)


def _query(report: AllocationReport, view: View, *, month: date | None = None) -> str:
    return urlencode({"entity": report.entity.code, "view": view, "month": f"{month or report.month:%Y-%m}"})


def _shown(report: AllocationReport, table: Table, *, lacks: str) -> ShownTable:
    keeps = NOT_TAGGED if report.view == View.TAGS else None
    narrow = narrowed(table, MOST_COLUMNS, keeps=keeps)
    parts = narrowed(table, MOST_PARTS, keeps=keeps).parts
    lines = [
        ShownLine(
            line.span.name,
            [
                Cell(amount, part.name, _entries_url(report, part, line.span.key))
                for part, amount in zip(narrow.parts, line.amounts, strict=True)
            ],
            line.total,
        )
        for line in (folded(narrow.lines) if report.view == View.SERVICES else narrow.lines)
    ]
    more = parts[-1] if parts and parts[-1].count > 1 else None
    return ShownTable(table, narrow, lines, [part for part in parts if part is not more], more, lacks)


def _entries_url(report: AllocationReport, part: Part, month: str) -> str:
    budget = report.budgets.get(part.code) if report.view == View.CENTRES and part.count == 1 else None
    if budget is None:
        return ""
    query = urlencode({"cost_centre": part.code, "month": month, "bucket": "spent"})
    return f"{reverse('budgets:entries', args=[budget])}?{query}"


def _lacks_url(user: User, report: AllocationReport, table: Table) -> str:
    """Return the way to what lacks a tag in the month, for those who may go there and where the tag is a must."""
    if report.view != View.TAGS or not whole_entities_of(user, *BOOKS).filter(pk=report.entity.pk).exists():
        return ""
    if not any(key.code == table.key and key.is_mandatory for key in keys_held(report.entity, report.month)):
        return ""
    query = urlencode({"entity": report.entity.code, "month": f"{report.month:%Y-%m}", "key": table.key})
    return f"{reverse('budgets:tags-lacking')}?{query}"


def _rows(report: AllocationReport) -> Iterable[list[str]]:
    yield ["By", "Time", "From", "To", "Code", "Name", "Amount", "Currency"]
    for table in report.tables:
        for line in table.lines:
            days = [f"{day:%Y-%m-%d}" if day else "" for day in (line.span.first, line.span.last)]
            for part, amount in zip(table.parts, line.amounts, strict=True):
                if amount:
                    code = cell(part.code) if report.view == View.CENTRES else ""
                    where = [cell(table.name), line.span.key, *days, code, cell(part.name)]
                    yield [*where, f"{amount:.2f}", report.entity.currency]
        yield [cell(table.name), "total", "", "", "", "", f"{table.total:.2f}", report.entity.currency]


def _quarter_rows(report: AllocationReport) -> Iterable[list[str]]:
    yield ["Quarter", "From", "To", "Code", "Cost centre", "Budget", "Actual", "Actual less budget", "Currency", "Figures"]
    for quarter in report.quarters:
        months = [f"{quarter.first:%Y-%m}", f"{quarter.last:%Y-%m}"]
        for line in (*quarter.lines, quarter.whole):
            names = ["", "total"] if line is quarter.whole else [cell(line.code), cell(line.name)]
            amounts = [f"{amount:.2f}" for amount in (line.plan, line.actual, line.variance)]
            yield [quarter.key, *months, *names, *amounts, report.entity.currency, quarter.state]
