"""The approver's queue: the list, and the panel beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page
from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, JSONObject
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from approvals.filters import QueueFilter
from approvals.forms import BulkForm, DecisionForm, QuestionForm
from approvals.models import Decision, Request, Stage
from approvals.rules.saved_views import FILTERS, QUEUE
from approvals.selectors.delegations import standings_of
from approvals.selectors.particulars import MODELS, STATED
from approvals.selectors.queue import access_stage_by_id, in_order, queue_of, waiting_for
from approvals.selectors.saved_views import views_kept, views_read
from approvals.views.listing import Tab
from approvals.views.offers import offers_for
from approvals.views.panel import Panel, panel_for
from approvals.views.person import person_of
from approvals.views.queue_rows import QueueRow, answered_rows, waiting_rows
from approvals.views.saved_views import views_shown
from core import clock
from core.access import needs
from core.database.kept import Given, Kept
from core.models import User
from core.paging import LongPaginator
from core.rules.rights import Right

ROWS = 50
KEPT = (*FILTERS[QUEUE], "page")
SORTS = {
    "due": ("due", ("due_at", "id")),
    "amount": ("amount", ("-request__amount", "id")),
    "newest": ("newest", ("-assigned_at", "-id")),
}
VIEWS = ("mine", "sent", "done")
EMPTY = {
    "mine": "Nothing waits for you. A request appears here, and in your notices, as soon as it is your turn.",
    "sent": "Nothing that you sent back is still with its requester.",
    "done": "What you decide today appears here.",
}


@dataclass(frozen=True)
class Sort:
    """A way to sort; `query` is its address."""

    word: str
    query: str
    current: bool


@dataclass(frozen=True)
class Totals:
    """What waits, in all: counts, and the sums by currency."""

    count: int
    overdue: int
    today: int
    sums: list[tuple[Decimal, str]]
    kinds: list[str]
    # Whether the lines of all that waits say all of it.
    plain: bool = False


@require_safe
@needs(Right.DECIDE, Right.AUDIT)
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person. The first request opens beside it where there is room."""
    return render(request, "approvals/queue.html", work_context(request, person_of(request)))


@require_safe
def stage(request: HttpRequest, stage_id: int) -> HttpResponse:
    """Show one stage: beside the list, or by itself where there is no room; to htmx, only the panel. Raises NotFound."""
    person = person_of(request)
    found = access_stage_by_id(person, stage_id)
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return render(request, "approvals/_panel.html", panel_context(request, person, found))
    context = work_context(request, person, chosen=found.pk) | panel_context(request, person, found)
    return render(request, "approvals/queue.html", context | {"one": True})


def panel_context(request: HttpRequest, person: User, found: Stage) -> dict[str, Any]:
    """Return the panel of a stage and an empty answer."""
    query = kept_query(request.GET)
    panel: Panel = panel_for(found, person, query=query)
    forms = {"decision": DecisionForm(), "question": QuestionForm(people=panel.askable)}
    return {"panel": panel, **forms, "back_url": f"{queue_address()}{query}"}


def queue_address() -> str:
    """Return the address of the list."""
    return reverse("approvals:queue")


def kept_query(params: QueryDict, **changed: str) -> str:
    """Return the filters of the address as a query string, with its question mark; empty where there are none."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        value = changed.get(name, params.get(name, ""))
        if value:
            kept[name] = value[:200]
    return f"?{kept.urlencode()}" if kept else ""


def work_context(
    request: HttpRequest, person: User, *, chosen: int | None = None, picked: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the list and everything around it."""
    params = request.GET
    view = params.get("view", "mine") if params.get("view") in VIEWS else "mine"
    sort = params.get("sort", "due") if params.get("sort") in SORTS else "due"
    totals, said, views, first = counts_of(person, sort)
    narrowed = QueueFilter(params, queryset=queue_of(person), kinds=[(kind, _words(kind)) for kind in totals.kinds])
    page = _page(narrowed, person, view, sort, totals.count)
    if page.number == 1 and view == "mine" and not narrowed.is_narrowed:
        page.object_list = first
    return {
        "heading": "Waiting for you",
        "lead": lead_words(totals),
        "view": view,
        "sort_key": sort,
        "filter": narrowed,
        "show_filters": view == "mine" and (totals.count > 5 or narrowed.is_narrowed),
        "saved": views_shown(QUEUE, params, views),
        "page": page,
        "rows": _rows(page, person, view, kept_query(params), chosen, picked, plain=totals.plain),
        "bulk": BulkForm(auto_id="bulk_%s"),
        "undo_offers": offers_for(person) if said["to_undo"] else [],
        "kept_query": kept_query(params),
        "tabs": _tabs(view, totals, said),
        "sorts": [Sort(word, kept_query(params, sort=key, page="")[1:], key == sort) for key, (word, _) in SORTS.items()],
        "empty_words": EMPTY[view],
    }


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _page(narrowed: QueueFilter, person: User, view: str, sort: str, waiting: int) -> Page[Any]:
    """Return the page that is asked for, by the ids of its rows."""
    if view != "mine":
        rows = answered(person, view).order_by("-decided_at").values_list("pk", flat=True)
        return LongPaginator(rows, ROWS).get_page(narrowed.data.get("page"))
    stages = narrowed.qs.order_by(*SORTS[sort][1]).values_list("pk", flat=True)
    known = None if narrowed.is_narrowed else waiting
    return LongPaginator(stages, ROWS, known=known).get_page(narrowed.data.get("page"))


def answered(person: User, view: str) -> QuerySet[Decision]:
    """Return what this person sent back that has not come again, or decided today in their zone."""
    said = Decision.objects.filter(person=person, voided_at__isnull=True, stands_from__isnull=True)
    return said.filter(_still_sent_back()) if view == "sent" else said.filter(decided_at__gte=_midnight())


def _still_sent_back() -> Q:
    return Q(verdict=Decision.Verdict.SEND_BACK, request__state=Request.State.RETURNED)


def _midnight() -> datetime:
    return timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def _rows(
    page: Page[Any],
    person: User,
    view: str,
    query: str,
    chosen: int | None,
    picked: frozenset[str],
    *,
    plain: bool,
) -> list[QueueRow]:
    ids = list(page)
    if view != "mine":
        related = ("request__requester", "stage", "on_behalf_of", *(f"request__{name}" for name in STATED))
        found = Decision.objects.select_related(*related).in_bulk(ids)
        return answered_rows([found[pk] for pk in ids])
    return waiting_rows(in_order(ids, plain=plain), person, query=query, current=chosen, picked=picked)


def counts_of(person: User, sort: str) -> tuple[Totals, dict[str, int], list[tuple[int, str, str]], list[int]]:
    """Add up what waits for this person, and count what they sent back, decided today and may still take back, in one query.

    With it come the views of the queue that they keep, (id, name, query), and the ids of the first page as it is sorted.

    Each of the latter by an index of its own: whoever has decided for years is answered as soon as whoever began today.
    """
    moments = {"now": clock.now(), "midnight": _midnight(), "tomorrow": _midnight() + timedelta(days=1)}
    if standings_of(person):
        row = _counts(person.pk, sort, queue_of(person), **moments).get()
    else:
        row = _COUNTS[sort].rows(person=person.pk, **moments)[0]
    waiting, saved, ids, *numbers = row
    said_counts = {name: count or 0 for name, count in zip(SAID, numbers, strict=True)}
    return _totals(waiting), said_counts, views_read(saved), list(ids)


def _counts(person: Any, sort: str, waiting: QuerySet[Stage], *, now: Any, midnight: Any, tomorrow: Any) -> QuerySet[User, Any]:
    said = Decision.objects.filter(person=OuterRef("pk"), voided_at__isnull=True, stands_from__isnull=True).order_by()
    parts = [said.filter(_still_sent_back()), said.filter(decided_at__gte=midnight), said.filter(undo_until__gt=now)]
    return User.objects.filter(pk=person).values_list(
        ArraySubquery(_by_currency(waiting, now=now, tomorrow=tomorrow)),
        views_kept(QUEUE),
        ArraySubquery(waiting.order_by(*SORTS[sort][1]).values("pk")[:ROWS]),
        *(Subquery(rows.values("person").annotate(n=Count("pk")).values("n")) for rows in parts),
    )


def _kept_counts(sort: str) -> Kept[Any]:
    moments = {name: Given(name, DateTimeField()) for name in ("now", "midnight", "tomorrow")}
    return Kept(lambda: _counts(Given("person"), sort, waiting_for(Given("person")), **moments))


SAID = ("sent", "done", "to_undo")
_COUNTS = {sort: _kept_counts(sort) for sort in SORTS}


def _tabs(view: str, totals: Totals, said: dict[str, int]) -> list[Tab]:
    names = (("mine", "Mine", totals.count), ("sent", "Sent back", said["sent"]), ("done", "Decided today", said["done"]))
    return [Tab(word, count, f"view={key}", key == view) for key, word, count in names]


def _by_currency(waiting: QuerySet[Stage], *, now: Any, tomorrow: Any) -> QuerySet[Stage, Any]:
    """Return what waits, by currency: each as one object, its sum as text, since JSON has no exact numbers."""
    grouped = (
        waiting.order_by()
        .values("request__currency")
        .annotate(
            count=Count("pk"),
            sum=Sum("request__amount"),
            overdue=Count("pk", filter=Q(due_at__lt=now, paused_at__isnull=True)),
            today=Count("pk", filter=Q(due_at__gte=now, due_at__lt=tomorrow, paused_at__isnull=True)),
            kinds=ArrayAgg("request__kind", distinct=True),
            subjects=ArrayAgg("request__subject_kind", distinct=True),
        )
    )
    figures = {name: F(name) for name in ("count", "overdue", "today", "kinds", "subjects")}
    return grouped.values(told=JSONObject(currency=F("request__currency"), sum=Cast("sum", TextField()), **figures))


def _totals(rows: list[dict[str, Any]]) -> Totals:
    return Totals(
        count=sum(row["count"] for row in rows),
        overdue=sum(row["overdue"] for row in rows),
        today=sum(row["today"] for row in rows),
        sums=[(Decimal(row["sum"]), row["currency"]) for row in rows],
        kinds=sorted({kind for row in rows for kind in row["kinds"]}),
        plain=not any(subject in MODELS for row in rows for subject in row["subjects"]),
    )


def lead_words(totals: Totals) -> str:
    """Say what waits: how many, how much, what is overdue and what is due today."""
    if not totals.count:
        return "Nothing waits for your decision."
    sums = " and ".join(f"{amount:,.2f} {currency}" for amount, currency in totals.sums)
    clocks = f"{totals.overdue or 'none'} overdue, {totals.today or 'none'} due today"
    return f"{totals.count} request{'' if totals.count == 1 else 's'}, {sums}; {clocks}."
