"""How long a person's own decisions wait, for that person and whoever leads them."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.selectors import pace as selectors
from approvals.views.person import person_of
from approvals.views.waits import SPANS, span_of
from core import clock
from core.access import needs
from core.errors import NotFound
from core.rules.rights import Right


@require_safe
@needs(Right.DECIDE, Right.REQUEST)
def pace(request: HttpRequest) -> HttpResponse:
    """Show one's own figures, and those of the people whom one leads. Raises NotFound for another's organization."""
    person, span = person_of(request), span_of(request)
    entities = list(selectors.entities_paced(person))
    stated = request.GET.get("entity", "")
    entity = next((each for each in entities if each.code == stated or not stated), None)
    if stated and entity is None:
        raise NotFound("There is no such organization, or you decide nothing there.", remedy="Choose one on the page.")
    until = clock.now()
    since = until - timedelta(days=int(span))
    context = {
        "entities": entities,
        "entity": entity,
        "spans": [(days, words, days == span) for days, words in SPANS.items()],
        "since": since,
        "paces": selectors.paces_of(person, entity, since=since, until=until) if entity else [],
        "lead": selectors.leads_of(person, entity) if entity else None,
    }
    return render(request, "approvals/pace.html", context)
