"""What changed at a budget between two moments."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.forms import ChangesForm
from budgets.models import Budget
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.changes import Changes, before_this_month, changes_between
from budgets.selectors.overview import freshness_of
from budgets.views.budgets import READERS
from core.access import needs
from core.errors import WrongState
from core.models import User
from core.views.people import person_of


@require_safe
@needs(*READERS)
def changes(request: HttpRequest, code: str) -> HttpResponse:
    """Show what was recorded between two moments, line by line and by what caused it; first, since the month began."""
    user = person_of(request)
    found = access_budget_by_code(user, code)
    form = ChangesForm(request.GET or {"since": f"{before_this_month(found):%Y-%m-%d}"}, entity=found.entity)
    changed = _asked(user, found, form)
    context = {
        "budget": found,
        "form": form,
        "changed": changed,
        # What was recorded between two past moments is what it is: only up to now may more come.
        "fresh": freshness_of(found, now=changed.until) if changed and not form.cleaned_data["until"] else None,
        "entries_query": _entries_query(changed) if changed else "",
    }
    return render(request, "budgets/changes.html", context)


def _asked(user: User, budget: Budget, form: ChangesForm) -> Changes | None:
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    try:
        return changes_between(user, budget, since=asked["since"], until=asked["until"], through=asked["through"])
    except WrongState as refusal:
        form.add_error(None, f"{refusal.message} {refusal.remedy}")
        return None


def _entries_query(changed: Changes) -> str:
    """Return what leads from a change to the entries that make it up, for the end of an address."""
    parts = {"after": changed.since.isoformat(), "as_of": changed.until.isoformat()}
    if changed.through:
        parts["until"] = f"{changed.through:%Y-%m}"
    return f"&{urlencode(parts)}"
