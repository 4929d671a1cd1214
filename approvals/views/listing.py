"""The list of requests: a person's own, and those in their scope."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.filters import RequestFilter
from approvals.models import Request, Stage
from approvals.rules.saved_views import REQUESTS
from approvals.selectors.delegations import asked_of
from approvals.selectors.particulars import STATED
from approvals.selectors.policies import kinds_named
from approvals.selectors.requests import visible_requests, with_policy_mark
from approvals.selectors.saved_views import views_of
from approvals.views.person import person_of
from approvals.views.rows import RequestRow, row_of
from approvals.views.saved_views import views_shown
from core import clock
from core.access import may, needs
from core.models import User
from core.rules.rights import Right

ROWS = 50


@dataclass(frozen=True)
class Tab:
    """A part of a list; `query` is its address without the question mark."""

    word: str
    count: int
    query: str
    current: bool


@require_safe
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def requests(request: HttpRequest) -> HttpResponse:
    """Show requests, newest first, 50 to a page, by words, state, kind and month."""
    person = person_of(request)
    whose = "scope" if request.GET.get("whose") == "scope" or not may(person, Right.REQUEST) else "mine"
    kinds = kinds_named(person)
    narrowed = RequestFilter(request.GET, queryset=_whose(person, whose), kinds=kinds)
    kept = views_of(person).filter(page=REQUESTS)
    page = Paginator(with_holders(narrowed.qs), ROWS).get_page(request.GET.get("page"))
    context = {
        "filter": narrowed,
        "saved": views_shown(REQUESTS, request.GET, list(kept.values_list("pk", "name", "query"))),
        "page": page,
        "rows": rows_of(page),
        "tabs": _tabs(person, whose),
        "whose": whose,
        "may_ask": may(person, Right.REQUEST),
        "may_look_back": may(person, Right.RECONCILE) or may(person, Right.AUDIT),
    }
    return render(request, "approvals/list.html", context)


def _whose(person: User, whose: str) -> QuerySet[Request]:
    seen = visible_requests(person)
    return seen.filter(requester=person) if whose == "mine" else seen


def _tabs(person: User, whose: str) -> list[Tab]:
    names = [("mine", "Mine")] if may(person, Right.REQUEST) else []
    names.append(("scope", "In my scope"))
    return [Tab(word, _whose(person, key).count(), f"whose={key}", key == whose) for key, word in names]


def with_holders(found: QuerySet[Request]) -> QuerySet[Request]:
    """Return requests with what their rows show, in a fixed number of queries."""
    waiting = Stage.objects.filter(state=Stage.State.ASSIGNED).select_related("owner", "backup", "request__entity")
    return (
        with_policy_mark(found)
        .select_related("requester", "vendor", "entity", *STATED)
        .prefetch_related(Prefetch("stages", queryset=waiting, to_attr="open_stages"))
    )


def rows_of(page: Page[Request]) -> list[RequestRow]:
    """Return the rows of a page."""
    asked = asked_of([stage for found in page for stage in getattr(found, "open_stages", [])], now=clock.now())
    return [row_of(found, getattr(found, "open_stages", []), asked) for found in page]
