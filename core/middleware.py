"""What every request passes through."""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import actor, correlation, metrics, walls
from core.api.problems import is_api, refusal_answer
from core.consumers import consumers_of
from core.errors import Refusal, noting_refusals

GetResponse = Callable[[HttpRequest], HttpResponse]
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
access_log = structlog.get_logger("purser.access")


class CorrelationMiddleware:
    """Give each request an id (its `X-Request-ID` where that is plain), and say it in the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        stated = request.headers.get("X-Request-ID", "")
        correlation_id = stated if _PLAIN_ID.fullmatch(stated) else correlation.fresh()
        with correlation.running(correlation_id, facts=lambda: facts_of(request)):
            response = self.get_response(request)
        response["X-Request-ID"] = correlation_id
        return response


def facts_of(request: HttpRequest) -> dict[str, Any]:
    """Return what a log line says of a request. Asks the database for nothing: who is signed in is said once it was read."""
    person = getattr(request, "_cached_user", None)
    facts: dict[str, Any] = {"view": view_name(request)}
    if person is not None and person.pk:
        facts["user"] = person.pk
    if (token := getattr(request, "by_token", None)) is not None:
        facts |= {"user": token.owner_id, "token": token.prefix}
    if (acting := getattr(request, "acting", None)) is not None:
        facts["acting_as"] = acting.person_id
    return facts


def view_name(request: HttpRequest) -> str:
    """Return the name of the view that answers, blank before it is known and where there is none."""
    return request.resolver_match.view_name if request.resolver_match else ""


class AccessMiddleware:
    """Write a line for each request and count it: method, route, status, duration. No query, no body, no value from the path."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        with noting_refusals() as refused:
            response = self.get_response(request)
        seconds = time.perf_counter() - begun
        self._count(request, response, seconds, refused)
        self._say(request, response, seconds, refused)
        return response

    def _count(self, request: HttpRequest, response: HttpResponse, seconds: float, refused: set[str]) -> None:
        view = view_name(request) or "none"
        metrics.count_request(view=view, method=request.method or "", status=response.status_code, seconds=seconds)
        # A page may look ahead at what would be refused; that is no refusal.
        if request.method not in SAFE or response.status_code >= 400:
            for code in refused:
                metrics.count_refusal(code)

    def _say(self, request: HttpRequest, response: HttpResponse, seconds: float, refused: set[str]) -> None:
        match = request.resolver_match
        more: dict[str, Any] = {"refused": sorted(refused)} if refused and response.status_code >= 400 else {}
        where = {"route": f"/{match.route}"} if match else {"path": request.path_info[:200]}
        access_log.info(
            "request", method=request.method, status=response.status_code, ms=round(seconds * 1000, 1), **where, **more
        )


class ReachMiddleware:
    """Let each request see the rows of its person's entities and no others, and put back what was seen before it.

    Whoever lets the request go on as somebody else says so with `walls.look_as`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with walls.nothing_yet(), actor.by_session():
            walls.look_as(request.user)
            return self.get_response(request)


class RefusalMiddleware:
    """Turn a refusal that no view caught into a page, or a problem for a program: what was refused, and what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a Refusal with its own status; leave everything else to Django."""
        if not isinstance(exception, Refusal):
            return None
        return answer_refusal(request, exception)


def answer_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer what was refused: a page, or a problem where a program asks. For a middleware, too, that asks no view."""
    if is_api(request):
        return refusal_answer(refusal)
    context = {"refusal": refusal, "consumers": consumers_of(refusal, request.user)}
    return render(request, "core/refusal.html", context, status=refusal.status)
