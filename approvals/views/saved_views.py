"""Keeping the filters of a list under a name, from the list itself."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.models import SavedView
from approvals.rules.saved_views import QUEUE, REQUESTS, query_of
from approvals.selectors.saved_views import access_view_by_id
from approvals.services.saved_views import drop_view, save_view
from approvals.views.person import person_of
from core.access import needs
from core.errors import InvalidInput
from core.rules.rights import Right

LISTS = {QUEUE: "approvals:queue", REQUESTS: "approvals:requests"}


@dataclass(frozen=True)
class ViewShown:
    """A saved view as a list offers it. `query` is its address without the question mark."""

    key: int
    name: str
    query: str
    current: bool


@dataclass(frozen=True)
class Views:
    """What a list shows of saved views: those that there are, and the filters that may be kept, blank where there are none."""

    page: str
    shown: list[ViewShown]
    query: str

    @property
    def address(self) -> str:
        """The list's address."""
        return reverse(LISTS[self.page])

    @property
    def current(self) -> ViewShown | None:
        """The view that the list shows now."""
        return next((each for each in self.shown if each.current), None)


def said(params: QueryDict) -> dict[str, str]:
    """Return what an address says, the last of each."""
    return {name: str(value) for name, value in params.items()}


def views_shown(page: str, params: QueryDict, kept: list[tuple[int, str, str]]) -> Views:
    """Return the views of a list; `kept` are (id, name, query)."""
    query = query_of(page, said(params))
    return Views(page, [ViewShown(key, name, said, said == query) for key, name, said in kept], query)


@require_POST
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters of a list, and go back to it as it was."""
    page = request.POST.get("page", "")
    page = page if page in LISTS else QUEUE
    query = request.POST.get("query", "")
    try:
        view = save_view(actor=person_of(request), page=page, name=request.POST.get("name", ""), query=query)
    except InvalidInput as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return redirect(_address(page, query_of(page, said(QueryDict(query)))))
    messages.success(request, f"Kept as “{view.name}”.")
    return redirect(_address(page, view.query))


@require_POST
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def drop(request: HttpRequest, view_id: int) -> HttpResponse:
    """Let go of a view of one's own; the list stays as it shows it. Raises NotFound."""
    person = person_of(request)
    view: SavedView = drop_view(view_id=access_view_by_id(person, view_id).pk, actor=person)
    messages.success(request, f"“{view.name}” is no longer kept.")
    return redirect(_address(view.page, view.query))


def _address(page: str, query: str) -> str:
    return f"{reverse(LISTS[page])}{'?' if query else ''}{query}"
