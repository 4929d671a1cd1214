"""The register of contracts: in force, with their end and the last day for notice; or ended."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.selectors import contracts as selector
from approvals.views.listing import ROWS, Tab
from approvals.views.person import person_of
from budgets.selectors.freshness import freshness_of_entities
from core import clock
from core.access import needs
from core.rules.rights import Right


@require_safe
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def contracts(request: HttpRequest) -> HttpResponse:
    """Show the contracts that one may see, the first to end first."""
    seen = selector.contracts_seen(person_of(request))
    ended = request.GET.get("state") == "ended"
    page = Paginator(selector.in_force(seen, ended=ended), ROWS).get_page(request.GET.get("page"))
    tabs = [
        Tab("In force", selector.in_force(seen).count(), "state=in-force", not ended),
        Tab("Ended", selector.in_force(seen, ended=True).count(), "state=ended", ended),
    ]
    context = {"page": page, "rows": selector.shown(list(page)), "tabs": tabs, "ended": ended}
    entities = {each.request.entity_id for each in page}
    context["fresh"] = freshness_of_entities(entities, now=clock.now()) if entities else None
    return render(request, "approvals/contracts.html", context)
