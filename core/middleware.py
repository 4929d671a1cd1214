"""What every request passes through."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import correlation
from core.errors import Refusal

GetResponse = Callable[[HttpRequest], HttpResponse]
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class CorrelationMiddleware:
    """Give each request an id (its `X-Request-ID` where that is plain), and say it in the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        stated = request.headers.get("X-Request-ID", "")
        correlation_id = stated if _PLAIN_ID.fullmatch(stated) else correlation.fresh()
        with correlation.running(correlation_id):
            response = self.get_response(request)
        response["X-Request-ID"] = correlation_id
        return response


class RefusalMiddleware:
    """Turn a refusal that no view caught into a page that says what was refused and what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a Refusal with its own status; leave everything else to Django."""
        if not isinstance(exception, Refusal):
            return None
        return render(request, "core/refusal.html", {"refusal": exception}, status=exception.status)
