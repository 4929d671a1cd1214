"""A budget by the nodes of the cost centre tree."""

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.forms import AsOfForm
from budgets.models import Budget
from budgets.selectors.budgets import access_budget_by_code, version_in_force
from budgets.selectors.cost_centre_tree import Tree, tree_of
from budgets.selectors.overview import findings_seen, freshness_of, reads_whole
from budgets.views.budgets import READERS, asked_of, entries_query
from core import clock
from core.access import needs
from core.errors import WrongState
from core.models import User
from core.views.people import person_of


@require_safe
@needs(*READERS)
def cost_centres(request: HttpRequest, code: str) -> HttpResponse:
    """Show a budget by cost centre: what each node has, handed down and kept, and what is held, spent and left."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    form = AsOfForm(request.GET or None, entity=found.entity)
    tree, as_of, through = _tree(user, found, form)
    version = version_in_force(found)
    is_now = as_of is None and through is None
    context = {
        "budget": found,
        "form": form,
        "tree": tree,
        "as_of": as_of,
        "through": through,
        "is_now": is_now,
        "entries_query": entries_query(request, as_of, through),
        "version": version,
        "planned": findings_seen(user, found, version) if is_now else [],
        "whole": reads_whole(user, found),
        "fresh": freshness_of(found, now=clock.now()),
    }
    return render(request, "budgets/cost_centres.html", context)


def _tree(user: User, budget: Budget, form: AsOfForm) -> tuple[Tree, datetime | None, date | None]:
    """Return the tree as asked for, with its moment and month; that of now where the moment is not over yet."""
    as_of, through = asked_of(form)
    try:
        return tree_of(user, budget, as_of=as_of, through=through), as_of, through
    except WrongState as refusal:
        form.add_error("as_of", str(refusal))
        return tree_of(user, budget), None, None
