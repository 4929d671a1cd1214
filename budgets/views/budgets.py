"""The list of budgets, a budget, a version of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from budgets.selectors.balances import Figures
from budgets.selectors.budgets import access_budget_by_code, version_in_force
from budgets.selectors.overview import budget_rows, category_rows, control_rows, findings_seen, freshness_of, reads_whole
from budgets.selectors.versions import access_version, grid_of, plan_groups
from core import clock
from core.access import may, needs
from core.rules.rights import Right
from core.views.people import person_of

READERS = (Right.REQUEST, Right.DECIDE, Right.RECONCILE, Right.BUDGET, Right.REPORT, Right.AUDIT)


@needs(*READERS)
def budget_list(request: HttpRequest) -> HttpResponse:
    """List the budgets that the person may see."""
    user = person_of(request)
    rows = budget_rows(user)
    context = {
        "rows": rows,
        "findings": sum(row.findings for row in rows),
        "may_load": may(user, Right.BUDGET),
        "may_close": may(user, Right.BUDGET),
    }
    return render(request, "budgets/list.html", context)


@needs(*READERS)
def budget(request: HttpRequest, code: str) -> HttpResponse:
    """Show a budget: its figures by category and line, what does not add up, its controls, versions and milestones."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    version = version_in_force(found)
    rows = category_rows(user, found, version)
    whole = reads_whole(user, found)
    context = {
        "budget": found,
        "version": version,
        "rows": rows,
        "total": sum((row.figures for row in rows), Figures()),
        "whole": whole,
        "findings": findings_seen(user, found, version),
        "controls": control_rows(found) if whole else [],
        "versions": found.versions.select_related("created_by").order_by("-number"),
        "milestones": found.milestones.select_related("vendor"),
        "fresh": freshness_of(found, now=clock.now()),
        "may_load": may(user, Right.BUDGET, entity=found.entity),
    }
    return render(request, "budgets/budget.html", context)


@needs(*READERS)
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a version: its lines with their basis, and the plan by month."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    shown = access_version(user, found, number)
    groups = plan_groups(user, found, shown)
    context = {
        "budget": found,
        "version": shown,
        "groups": groups,
        "grid": grid_of(groups),
        "whole": reads_whole(user, found),
        "findings": findings_seen(user, found, shown),
    }
    return render(request, "budgets/version.html", context)
