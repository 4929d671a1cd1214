"""The audit trail: a list to look through, and the same as CSV."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.access import needs, whole_entities_of
from core.exports import csv_of
from core.filters import TrailFilter
from core.models import AuditRecord
from core.paging import LongPaginator
from core.rules.sheets import cell
from core.selectors.trail import READING, access_entity_of_trail, told, trail_in_reach
from core.views.people import person_of

ROWS = 50
HEAD = ("at", "actor", "acted_by", "token", "topic", "verb", "subject", "changes", "correlation_id")


@require_safe
@needs(*READING)
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Show who did what in an organization (`?entity=` its code), the newest first."""
    user = person_of(request)
    entity = access_entity_of_trail(user, request.GET.get("entity", "")[:60])
    found = TrailFilter(request.GET, queryset=trail_in_reach(user).filter(entity=entity), entity=entity)
    page = LongPaginator(found.qs, ROWS).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *READING).order_by("code")),
        "filter": found,
        "filtered": any(request.GET.get(name) for name in found.filters),
        "page": page,
        "rows": told(page),
        "query": asked.urlencode(),
    }
    return render(request, "core/trail.html", context)


@require_safe
@needs(*READING)
def trail_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the same list as CSV, as long as it is."""
    user = person_of(request)
    entity = access_entity_of_trail(user, request.GET.get("entity", "")[:60])
    found = TrailFilter(request.GET, queryset=trail_in_reach(user).filter(entity=entity), entity=entity)
    return csv_of(found.qs, head=HEAD, lines=_lines, name=f"audit-trail-{entity.code}.csv")


def _lines(rows: Sequence[AuditRecord]) -> list[list[str]]:
    return [
        [
            each.record.at.isoformat(timespec="seconds"),
            cell(each.record.actor.name if each.record.actor else "Purser"),
            cell(each.record.acted_by.name if each.record.acted_by else ""),
            cell(each.record.by_token.name if each.record.by_token else ""),
            each.topic.code if each.topic else "",
            each.record.verb,
            cell(each.subject),
            cell("; ".join(f"{name}: {was or '–'} → {is_now or '–'}" for name, was, is_now in each.changes)),
            each.record.correlation_id,
        ]
        for each in told(rows)
    ]
