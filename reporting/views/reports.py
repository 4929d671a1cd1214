"""Reports of a budget: the whole, one page for the board, one category."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.models import Budget
from budgets.selectors.budgets import READING
from core import clock
from core.access import may, rights_of
from core.errors import NotFound
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of
from reporting.forms import IssueForm, MonthForm, month_asked
from reporting.rules.bridges import bridge_of
from reporting.rules.figures import Report, widest_percent, widest_variance
from reporting.rules.packview import shown_rows
from reporting.rules.reasons import detail_title, explain
from reporting.selectors.access import access_report_budget
from reporting.selectors.allocation_reports import entities_to_report
from reporting.selectors.drivers import drivers_at
from reporting.selectors.overview import freshness_of_standings, overview_of
from reporting.selectors.packs import live_view, visible_packs
from reporting.selectors.postings import latest_spend
from reporting.selectors.promises import promises_of
from reporting.selectors.variance import budget_against_actual, month_to_show

MOST_PROMISES = 20


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Every budget that the person may see, with where it stands, and the latest packs."""
    user = person_of(request)
    budgets = overview_of(user, today=today_for(user))
    context: dict[str, Any] = {"budgets": budgets, "packs": visible_packs(user)[:5]}
    context["fresh"] = freshness_of_standings(budgets, now=clock.now()) if budgets else None
    context |= {"whole": entities_to_report(user), "unified": bool(rights_of(user).intersection(READING))}
    return render(request, "reporting/list.html", context)


@require_safe
def budget_report(request: HttpRequest, code: str) -> HttpResponse:
    """Budget against actual by category and by cost centre."""
    user, budget = person_of(request), access_report_budget(person_of(request), code)
    report = _report(request, budget)
    packs = list(visible_packs(user).filter(budget=budget, month=report.month))
    context = {
        **_page(request, budget, report),
        "title": detail_title(report.by_category),
        "categories": shown_rows(report.by_category),
        "centres": shown_rows(report.by_cost_centre),
        "widest": widest_variance(report.by_category),
        "widest_percent": widest_percent(report.by_category),
        "bridge": bridge_of(report),
        "packs": packs,
        "may_issue": may(user, Right.RECONCILE, entity=budget.entity) or may(user, Right.BUDGET, entity=budget.entity),
        "issue_form": IssueForm(initial={"month": f"{report.month:%Y-%m}"}),
    }
    return render(request, "reporting/budget.html", context)


@require_safe
def summary(request: HttpRequest, code: str) -> HttpResponse:
    """One page for those who decide: five numbers at most, the reasons, the decisions wanted."""
    user, budget = person_of(request), access_report_budget(person_of(request), code)
    month = month_to_show(budget, month_asked(request.GET.get("month", "")), today=today_for(user, budget))
    view = live_view(budget, month, now=clock.now())
    packs = visible_packs(user).filter(budget=budget, month=month)
    context = {**_page(request, budget, view.report), "pack": view, "latest": packs.first()}
    return render(request, "reporting/summary.html", context)


@require_safe
def category_report(request: HttpRequest, code: str, category: str) -> HttpResponse:
    """One category: its lines, its months, what is promised, and the entries it is made of."""
    budget = access_report_budget(person_of(request), code)
    report = _report(request, budget, category)
    row = next((each for each in report.by_category if each.category == category), None)
    if row is None:
        raise NotFound(f"The budget {budget.code} has no such category.", remedy="Choose one from its report.")
    accounts = [line.account for line in row.lines if line.account]
    drivers = drivers_at(accounts, report.month)
    context = {
        **_page(request, budget, report),
        "row": row,
        "months": report.category_months[category],
        "note": explain(row, drivers),
        "promises": promises_of(budget, accounts=accounts, most=MOST_PROMISES),
        "entries": latest_spend(accounts, report.month),
        "widest": widest_variance([row]),
        "widest_percent": widest_percent([row]),
    }
    return render(request, "reporting/category.html", context)


def today_for(user: User, budget: Budget | None = None) -> Any:
    """Return the day it is where the person is, or where the budget is kept."""
    zone = user.time_zone or (budget.entity.time_zone if budget else "UTC")
    return clock.now().astimezone(ZoneInfo(zone)).date()


def _report(request: HttpRequest, budget: Budget, category: str = "") -> Report:
    month = month_to_show(budget, month_asked(request.GET.get("month", "")), today=today_for(person_of(request), budget))
    return budget_against_actual(budget, month, now=clock.now(), category=category)


def _page(request: HttpRequest, budget: Budget, report: Report) -> dict[str, Any]:
    user, entity = person_of(request), budget.entity
    return {
        "budget": budget,
        "report": report,
        "month_form": MonthForm(budget, report.month),
        "base_url": "",
        "sees_books": may(user, Right.RECONCILE, entity=entity) or may(user, Right.AUDIT, entity=entity),
    }
