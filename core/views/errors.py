"""Error pages: what happened, whether anything was changed, and what to do."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import correlation
from core.api.problems import is_api, plain_answer
from core.uploads import NotTaken

PAGES: dict[int, tuple[str, str]] = {
    400: ("This request could not be read", "Go back, load the page again and try once more. Nothing was changed."),
    403: ("Your role does not open this page", "Choose another page above, or ask an administrator for the right you need."),
    404: ("There is no such page, or none that you may see", "Check the address, or start from one of the pages above."),
    500: (
        "Something went wrong on our side",
        "Nothing was half done. Try again; if it stays, tell an administrator the number below.",
    ),
}
CSRF_TITLE = "This form was open too long, or cookies are off"
CSRF_REMEDY = (
    "Go back, load the page again and send it once more. Purser needs cookies from its own address. Nothing was changed."
)


def no_endpoint(request: HttpRequest) -> HttpResponse:
    """Answer a program that calls what is not there."""
    return plain_answer(404)


# No sign-in is asked for before an answer that says nothing.
no_endpoint.login_required = False  # type: ignore[attr-defined]  # read by Django's middleware


def _page(request: HttpRequest, status: int, title: str = "", remedy: str = "", *, answer: int = 0) -> HttpResponse:
    if is_api(request):
        return plain_answer(answer or status)
    known_title, known_remedy = PAGES[status]
    context = {"title": title or known_title, "remedy": remedy or known_remedy, "reference": correlation.current()}
    return render(request, "core/error.html", context, status=answer or status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400, or what a body that was not taken says: 413 where it was too large, 401 where it was a stranger's file."""
    if isinstance(exception, NotTaken):
        return _page(request, 400, exception.message, exception.remedy, answer=exception.answer)
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with a page that asks nothing of the database, which may be what failed."""
    if is_api(request):
        return plain_answer(500)
    context: dict[str, Any] = {"title": PAGES[500][0], "remedy": PAGES[500][1], "reference": correlation.current()}
    return HttpResponse(_bare(context), status=500)


def _bare(context: dict[str, Any]) -> str:
    from django.template.loader import render_to_string

    return render_to_string("core/error_bare.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not match."""
    return _page(request, 403, CSRF_TITLE, CSRF_REMEDY)
