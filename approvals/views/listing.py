"""The list of requests: a person's own, and those in their scope."""

from collections.abc import Iterable
from dataclasses import dataclass

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
from approvals.selectors.requests import listed_requests, with_policy_mark
from approvals.selectors.saved_views import views_kept, views_read
from approvals.views.person import person_of
from approvals.views.rows import RequestRow, row_of
from approvals.views.saved_views import views_shown
from core import clock
from core.access import may, needs
from core.models import User
from core.paging import MOST, LongPaginator, count_of
from core.rules.rights import Right

ROWS = 50
UNSHOWN = ("trace", "risk_reasons", "reason")
NAMES = {"mine": "Mine", "scope": "In my scope"}


@dataclass(frozen=True)
class Tab:
    """A part of a list; `query` is its address without the question mark. `is_more` says that there are more than `count`."""

    word: str
    count: int
    query: str
    current: bool
    is_more: bool = False


@require_safe
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def requests(request: HttpRequest) -> HttpResponse:
    """Show requests, newest first, 50 to a page, by words, state, kind and month."""
    person = person_of(request)
    whose, narrowed = chosen_of(request, person)
    sizes, kept = _around(person)
    pages = LongPaginator(with_holders(narrowed.qs).defer(*UNSHOWN), ROWS, known=None if narrowed.is_narrowed else sizes[whose])
    page = pages.get_page(request.GET.get("page"))
    context = {
        "filter": narrowed,
        "saved": views_shown(REQUESTS, request.GET, kept),
        "page": page,
        "rows": rows_of(page),
        "tabs": [Tab(NAMES[key], min(size, MOST), f"whose={key}", key == whose, size > MOST) for key, size in sizes.items()],
        "whose": whose,
        "may_ask": may(person, Right.REQUEST),
        "may_look_back": may(person, Right.RECONCILE) or may(person, Right.AUDIT),
    }
    return render(request, "approvals/list.html", context)


def chosen_of(request: HttpRequest, person: User) -> tuple[str, RequestFilter]:
    """Return which part of the list is asked for, and its requests, narrowed as the address says."""
    whose = "scope" if request.GET.get("whose") == "scope" or not may(person, Right.REQUEST) else "mine"
    return whose, RequestFilter(request.GET, queryset=_whose(person, whose), kinds=kinds_named(person))


def _whose(person: User, whose: str) -> QuerySet[Request]:
    return Request.objects.filter(requester=person) if whose == "mine" else listed_requests(person)


def _around(person: User) -> tuple[dict[str, int], list[tuple[int, str, str]]]:
    """Return how many requests each part of the list has, as far as it is worth counting, and the views that are kept of it."""
    parts = ["mine", "scope"] if may(person, Right.REQUEST) else ["scope"]
    sizes = {key: count_of(_whose(person, key)) for key in parts}
    kept, *counts = User.objects.filter(pk=person.pk).values_list(views_kept(REQUESTS), *sizes.values()).get()
    return dict(zip(sizes, counts, strict=True)), views_read(kept)


def with_holders(found: QuerySet[Request]) -> QuerySet[Request]:
    """Return requests with what their rows show, in a fixed number of queries."""
    waiting = Stage.objects.filter(state=Stage.State.ASSIGNED).select_related("owner", "backup", "request__entity")
    return (
        with_policy_mark(found)
        .select_related("requester", "vendor", "entity", *STATED)
        .prefetch_related(Prefetch("stages", queryset=waiting, to_attr="open_stages"))
    )


def rows_of(page: Iterable[Request]) -> list[RequestRow]:
    """Return the rows of a page, or of other requests that came with their holders."""
    page = list(page)
    asked = asked_of([stage for found in page for stage in getattr(found, "open_stages", [])], now=clock.now())
    return [row_of(found, getattr(found, "open_stages", []), asked) for found in page]
