"""Trying a change on a page: its own view does it, what that moves is shown, and it is undone, until it is asked for as shown.

A form of such a view has a second button, `core/_try.html`, which sends `dry_run=true` with what was typed. Where a form is sent
by one of several buttons, it has one such button for each, which says what that button would: `dry_run=verdict=approve`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage, Message
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core.storage import files_with_rows
from core.trials import Effects, undone, watched
from core.views.people import person_of

DRY_RUN, SHOWN, CSRF = "dry_run", "shown_effects", "csrfmiddlewaretoken"
SALT, ONE_HOUR, MOST_SHOWN = "core.trying", 3600, 200
REDIRECTS = frozenset({301, 302, 303})
View = Callable[..., HttpResponse]
Act = Callable[[], HttpResponse]


def may_be_tried(view: View) -> View:
    """Let a change be shown before it is made: `dry_run=true` does it and undoes it, and shows what it moves.

    What is confirmed there does what was shown, or nothing (409) and shows what it would do now.
    """

    @wraps(view)
    def tried(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        def act() -> HttpResponse:
            return view(request, *args, **kwargs)

        if request.method == "POST" and _is_to_be_tried(request):
            return _try(request, act)
        if request.method == "POST" and SHOWN in request.POST:
            return _do_as_shown(request, act)
        return act()

    return tried


def _is_to_be_tried(request: HttpRequest) -> bool:
    """Say whether it is to be shown only; what the button stands for is typed then."""
    asked = request.POST.get(DRY_RUN, "")
    name, names_a_way, value = asked.partition("=")
    if names_a_way:
        typed = request.POST.copy()
        typed[name] = value
        request.POST = typed  # type: ignore[assignment]  # as forms are read: it is changed no more
    return asked == "true" or bool(names_a_way)


def _try(request: HttpRequest, act: Act, *, is_again: bool = False) -> HttpResponse:
    with _hearing(request) as heard, undone() as told:
        answer = act()
        effects = told(person_of(request))
    if answer.status_code not in REDIRECTS:
        # A form that is not right comes back with what is wrong, as it would without trying.
        return answer
    said, refused = list(heard), _is_refused(heard)
    context = {
        "said": said,
        "refused": refused,
        "effects": effects,
        "shown": effects.moved[:MOST_SHOWN],
        "more": len(effects.moved[MOST_SHOWN:]),
        "typed": _typed(request),
        "token": "" if refused else signing.dumps(_as_shown(request, effects, said), salt=SALT),
        "is_again": is_again,
        "back": _back(request),
    }
    return render(request, "core/trial.html", context, status=409 if refused or is_again else 200)


def _do_as_shown(request: HttpRequest, act: Act) -> HttpResponse:
    is_as_shown = True
    with _hearing(request) as heard, files_with_rows(), transaction.atomic():
        told = watched()
        answer = act()
        if answer.status_code in REDIRECTS and not _is_refused(heard):
            is_as_shown = _was_shown(request) == _as_shown(request, told(person_of(request)), list(heard))
            transaction.set_rollback(not is_as_shown)
    if not is_as_shown:
        return _try(request, act, is_again=True)
    for each in heard:
        messages.add_message(request, each.level, str(each.message), extra_tags=each.extra_tags or "")
    return answer


class _Heard(BaseStorage):
    """Keeps what is said for the next page, and hands it to none."""

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message], bool]:
        return [], True

    def _store(self, *args: Any, **kwargs: Any) -> list[Message]:
        return []


@contextmanager
def _hearing(request: HttpRequest) -> Iterator[_Heard]:
    """Give what is said within the block for the next page, which then does not say it."""
    kept, heard = messages.get_messages(request), _Heard(request)
    request._messages = heard  # type: ignore[attr-defined]  # where the framework keeps it
    try:
        yield heard
    finally:
        request._messages = kept  # type: ignore[attr-defined]


def _is_refused(heard: _Heard) -> bool:
    return any(each.level == messages.ERROR for each in heard)


def _as_shown(request: HttpRequest, effects: Effects, said: Sequence[Message]) -> list[Any]:
    """Return what is confirmed: by whom, at which address, what was typed, what it moves, and what is said of it."""
    typed = [[name, value.replace("\r\n", "\n")] for name, value in _typed(request)]
    return [person_of(request).pk, request.get_full_path(), typed, effects.digest(*(str(each) for each in said))]


def _was_shown(request: HttpRequest) -> list[Any] | None:
    """Return what was shown within the hour, None where nothing was."""
    try:
        found: list[Any] = signing.loads(request.POST.get(SHOWN, ""), salt=SALT, max_age=ONE_HOUR)
    except signing.BadSignature:
        return None
    return found


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    ours = {DRY_RUN, SHOWN, CSRF}
    return [(name, value) for name, values in request.POST.lists() if name not in ours for value in values]


def _back(request: HttpRequest) -> str:
    """Return the page that the form stood on, where the browser says so."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return came_from if is_ours else ""
