"""Beginning a budget from a table: what it is typed, its lines pasted or as a file, and what it would be shown first."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from budgets.forms import BeginForm
from budgets.models import Category, CostCentre
from budgets.rules.beginning import EXAMPLE
from budgets.selectors.periods import access_entity_of_finance, entities_of_finance
from budgets.services.beginning import document_from_table
from budgets.views.plans import show_plan
from core.access import needs
from core.posted import posted
from core.rules.rights import Right
from core.rules.sheets import as_csv
from core.serving import SAFETY
from core.views.people import person_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a budget of an organization (`?entity=` its code). 422: the table, or what the budget is, cannot be read."""
    user = person_of(request)
    entity = access_entity_of_finance(user, request.GET.get("entity", "")[:60])
    files = request.FILES if request.method == "POST" else None
    form = BeginForm(posted(request), files, entity=entity)

    def document() -> dict[str, Any]:
        return document_from_table(entity=entity, head=form.head(), table=form.cleaned_data["rows"])

    context = {
        "entity": entity,
        "entities": list(entities_of_finance(user)),
        "categories": Category.objects.filter(entity=entity, is_active=True).order_by("path"),
        "centres": CostCentre.objects.filter(entity=entity, is_active=True).order_by("path"),
    }
    return show_plan(request, user, form, "budgets/begin.html", context, document)


@require_safe
@needs(Right.BUDGET)
def example(request: HttpRequest) -> HttpResponse:
    """Give out a table to begin with: its columns, and three rows that show how each kind is written."""
    response = HttpResponse(as_csv(EXAMPLE), "text/csv; charset=utf-8", headers=SAFETY)
    response["Content-Disposition"] = 'attachment; filename="budget-to-begin.csv"'
    return response
