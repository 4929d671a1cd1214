"""The versions of a budget: which are baselines, two of them beside each other, and variance against the baselines."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.forms import CompareForm
from budgets.models import BudgetVersion
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.comparing import compare_for, variance_of
from budgets.selectors.overview import freshness_of, reads_whole
from budgets.selectors.versions import versions_of
from budgets.views.budgets import READERS
from core import clock
from core.access import may, needs
from core.rules.rights import Right
from core.views.people import person_of


@require_safe
@needs(*READERS)
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """List a budget's versions, and put two beside each other: those named, else the original baseline and the one in force."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    rows = list(versions_of(budget))
    form = CompareForm(request.GET if "before" in request.GET else None, versions=rows)
    chosen = form.chosen() or _usual(rows)
    variances = variance_of(user, budget, today=clock.now().date())
    context = {
        "budget": budget,
        "rows": rows,
        "form": CompareForm(initial=_numbers(chosen), versions=rows) if not form.is_bound else form,
        "comparison": compare_for(user, *chosen) if chosen else None,
        "variances": variances,
        "fresh": freshness_of(budget, now=clock.now()),
        "whole": reads_whole(user, budget),
        "may_amend": may(user, Right.REQUEST, entity=budget.entity, path=budget.cost_centre.path),
    }
    return render(request, "budgets/versions.html", context, status=422 if form.is_bound and form.errors else 200)


def _usual(rows: list[BudgetVersion]) -> tuple[BudgetVersion, BudgetVersion] | None:
    """Return the original baseline and the version in force; the two newest where they are one."""
    original = next((row for row in reversed(rows) if row.is_baseline), None)
    in_force = next((row for row in rows if row.state == BudgetVersion.State.IN_FORCE), None)
    if original is not None and in_force is not None and original.pk != in_force.pk:
        return original, in_force
    return (rows[1], rows[0]) if len(rows) > 1 else None


def _numbers(chosen: tuple[BudgetVersion, BudgetVersion] | None) -> dict[str, int]:
    return {"before": chosen[0].number, "after": chosen[1].number} if chosen else {}
