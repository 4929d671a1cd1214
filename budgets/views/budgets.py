"""The list of budgets, a budget, a version of it."""

from datetime import date, datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from budgets.forms import AsOfForm
from budgets.models import Budget, BudgetAttribute, BudgetVersion
from budgets.rules.health import TONES, health_of, rungs_of
from budgets.selectors.attribute_columns import attribute_columns
from budgets.selectors.attributes import attributes_in_reach, attributes_shown, having
from budgets.selectors.balances import Figures
from budgets.selectors.budgets import access_budget_by_code, version_in_force
from budgets.selectors.controls import group_rows
from budgets.selectors.freshness import freshness_of_budgets
from budgets.selectors.notes import notes_on
from budgets.selectors.overview import BudgetRow, budget_rows, category_rows, findings_seen, freshness_of, reads_whole, version_at
from budgets.selectors.rule_sets import BOOKS
from budgets.selectors.sign_offs import sides_open_to, sign_offs_of, signers, waits_to_be_signed
from budgets.selectors.versions import access_version, grid_of, plan_groups
from core import clock
from core.access import WHOLE, may, needs, paths_of, whole_entities_of
from core.errors import InvalidInput, WrongState
from core.rules.rights import Right
from core.rules.sheets import as_csv, cell
from core.views.people import person_of

FILE_HEAD = (
    *("Code", "Name", "Organization", "Cost centre", "From", "To", "Shown", "Findings", "Status"),
    *("Allotted", "Reserved", "Committed", "Spent", "Available", "Currency"),
)
READERS = (Right.REQUEST, Right.DECIDE, Right.RECONCILE, Right.BUDGET, Right.REPORT, Right.AUDIT)


@require_safe
@needs(*READERS)
def budget_list(request: HttpRequest) -> HttpResponse:
    """List the budgets that the person may see."""
    user = person_of(request)
    asked = request.GET.get("attribute", "").strip()[:250]
    rows, wrong = _having(budget_rows(user), asked)
    context = {
        "rows": rows,
        "fresh": freshness_of_budgets([row.budget for row in rows], now=clock.now()) if rows else None,
        "asked": asked,
        "wrong": wrong,
        "filterable": attributes_in_reach(user).filter(kind="budget").exists(),
        "may_define": whole_entities_of(user, Right.ADMINISTER).exists(),
        "findings": sum(row.findings for row in rows),
        "may_load": may(user, Right.BUDGET),
        "may_charge": whole_entities_of(user, *BOOKS).exists(),
        "may_close": may(user, Right.BUDGET),
    }
    return render(request, "budgets/list.html", context)


@require_safe
@needs(*READERS)
def budgets_csv(request: HttpRequest) -> HttpResponse:
    """Give the budgets that the list shows as CSV, with the organization's own attributes."""
    user = person_of(request)
    rows, _ = _having(budget_rows(user), request.GET.get("attribute", "").strip()[:250])
    columns = attribute_columns(user, "budget")
    stated = columns.cells_of(BudgetAttribute, [row.budget.pk for row in rows])
    lines = [[*_cells(row), *stated.get(row.budget.pk, columns.blank)] for row in rows]
    answer = HttpResponse(as_csv([[*FILE_HEAD, *columns.heads], *lines]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="budgets.csv"'
    return answer


def _cells(row: BudgetRow) -> list[str]:
    found, figures = row.budget, row.figures
    amounts = (figures.allotted, figures.reserved, figures.committed, figures.spent, figures.available)
    return [
        *(cell(each) for each in (found.code, found.name, found.entity.name, found.cost_centre.code)),
        *(f"{each:%Y-%m}" for each in (found.starts_on, found.ends_on)),
        "whole" if row.whole else "your part",
        str(row.findings),
        row.health.value,
        *(f"{each:.2f}" for each in amounts),
        found.currency,
    ]


def _having(rows: list[BudgetRow], asked: str) -> tuple[list[BudgetRow], str]:
    """Return the rows that have an attribute as asked, and what is wrong with what is asked."""
    if not asked:
        return rows, ""
    try:
        kept = set(having(Budget.objects.all(), BudgetAttribute, "budget", asked).values_list("pk", flat=True))
    except InvalidInput as refusal:
        return rows, refusal.remedy
    return [row for row in rows if row.budget.pk in kept], ""


@require_safe
@needs(*READERS)
def budget(request: HttpRequest, code: str) -> HttpResponse:
    """Show a budget: its figures by category and line, what does not add up, its controls, versions and milestones."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    form = AsOfForm(request.GET or None, entity=found.entity)
    as_of, through = asked_of(form)
    version = version_at(found, as_of) if as_of else version_in_force(found)
    try:
        rows = category_rows(user, found, None if as_of or through else version, as_of=as_of, through=through)
    except WrongState as refusal:
        form.add_error("as_of", str(refusal))
        as_of, through, version = None, None, version_in_force(found)
        rows = category_rows(user, found, version)
    whole = reads_whole(user, found)
    is_now = as_of is None and through is None
    versions = list(found.versions.select_related("created_by").order_by("-number"))
    total = sum((row.figures for row in rows), Figures())
    health = health_of(total.allotted, total.held, ladder=found.ladder, in_force=version is not None)
    context = {
        "form": form,
        "as_of": as_of,
        "through": through,
        "is_now": is_now,
        "entries_query": entries_query(request, as_of, through),
        "budget": found,
        "version": version,
        "waiting": next((row for row in versions if waits_to_be_signed(row)), None) if is_now else None,
        "rows": rows,
        "total": total,
        "health": health,
        "health_tone": TONES[health],
        "rungs": rungs_of(total.allotted, found.ladder, currency=found.currency),
        "whole": whole,
        "findings": findings_seen(user, found, version) if is_now else [],
        "notes": notes_on(found, user) if is_now else [],
        "controls": group_rows(found) if whole and is_now else [],
        "versions": versions,
        "attributes": attributes_shown(BudgetAttribute, "budget", found) if is_now else [],
        "milestones": found.milestones.select_related("vendor"),
        "fresh": freshness_of(found, now=clock.now()),
        "may_load": may(user, Right.BUDGET, entity=found.entity),
        "keeps_books": WHOLE in paths_of(user, found.entity, Right.BUDGET),
        "may_amend": version is not None and may(user, Right.REQUEST, entity=found.entity, path=found.cost_centre.path),
        "may_move": may(user, Right.REQUEST, entity=found.entity),
    }
    context["attributes_url"] = reverse("budgets:budget-attributes", args=[found.code]) if context["keeps_books"] else ""
    return render(request, "budgets/budget.html", context)


def asked_of(form: AsOfForm) -> tuple[datetime | None, date | None]:
    """Return the moment and the month that are asked for; neither where one of them cannot be read."""
    if not form.is_bound or not form.is_valid():
        return None, None
    return form.cleaned_data["as_of"], form.cleaned_data["through"]


def entries_query(request: HttpRequest, as_of: datetime | None, through: date | None) -> str:
    """Return what leads from a figure to the entries that make it up, for the end of an address."""
    parts = {"as_of": request.GET.get("as_of", "") if as_of else "", "until": f"{through:%Y-%m}" if through else ""}
    found = urlencode({name: value for name, value in parts.items() if value})
    return f"&{found}" if found else ""


@require_safe
@needs(*READERS)
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a version: its lines with their basis, and the plan by month."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    shown = access_version(user, found, number)
    groups = plan_groups(user, found, shown)
    signing = sign_offs_of(shown)
    context = {
        "budget": found,
        "version": shown,
        "groups": groups,
        "grid": grid_of(groups),
        "whole": reads_whole(user, found),
        "may_go_back": shown.state == BudgetVersion.State.SUPERSEDED and WHOLE in paths_of(user, found.entity, Right.BUDGET),
        "findings": findings_seen(user, found, shown),
        "signing": signing,
        "open_sides": sides_open_to(user, shown, signing),
        "asked": {side.label: signers(shown, side) for side in signing.missing},
        "may_drop": signing.waits and bool(shown.document) and may(user, Right.BUDGET, entity=found.entity, path=WHOLE),
    }
    return render(request, "budgets/version.html", context)
