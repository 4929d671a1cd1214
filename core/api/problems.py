"""Errors as problem+json (RFC 9457): a code for machines, a sentence with its remedy for people, never HTML."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelInvalid
from django.http import Http404, HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from core import correlation
from core.errors import Refusal

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
FOLDER = "/api/"
# What Django and the framework raise, in the words of this house.
WORDS: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "This call could not be read.", "Compare it with the description at /api/."),
    401: ("not_signed_in", "This call does not say who makes it.", "Send a token: “Authorization: Bearer purser_…”."),
    403: ("not_allowed", "You may not do this.", "Ask an administrator for the right you need."),
    404: ("not_found", "There is nothing here, or nothing that you may see.", "Look up the address at /api/."),
    405: ("method_not_allowed", "Nothing is done here by this method.", "Use one of those in the header Allow."),
    413: ("too_large", "The body is too large.", "Send it in parts."),
    415: (
        "media_type",
        "This kind of body is not taken here.",
        "Send “Content-Type: application/json”, or a multipart/form-data where a file is taken.",
    ),
    500: (
        "server_error",
        "Something went wrong on our side. Nothing was half done.",
        "Try again; if it stays, tell an administrator the request id.",
    ),
}
OF_DJANGO: tuple[tuple[type[Exception], int], ...] = (
    (Http404, 404),
    (PermissionDenied, 403),
    (RequestDataTooBig, 413),
    (BadRequest, 400),
    (MultiPartParserError, 400),
    (SuspiciousOperation, 400),
)
UNSAFE_FORM = "Send the CSRF token of the session in the header X-CSRFToken, or use an API token."


def is_api(request: HttpRequest) -> bool:
    """Say whether a request is one of a program's, to be answered in JSON whatever happens."""
    # What answers an error of ours takes nothing for granted, a request neither.
    path = getattr(request, "path", "")
    return path.startswith(FOLDER) and path != FOLDER


def problem(
    status: int, code: str, detail: str, *, remedy: str = "", details: Mapping[str, Any] | None = None, errors: Any = ()
) -> dict[str, Any]:
    """Return the members of a problem."""
    found: dict[str, Any] = {
        "type": f"urn:purser:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "remedy": remedy,
        "request_id": correlation.current(),
    }
    if details:
        found["details"] = details
    if errors:
        found["errors"] = list(errors)
    return found


def of_status(status: int) -> dict[str, Any]:
    """Return the problem that a status stands for where nothing more is known."""
    code, detail, remedy = WORDS.get(status) or (HTTPStatus(status).phrase.lower().replace(" ", "_"), "This was refused.", "")
    return problem(status, code, detail, remedy=remedy)


def plain_answer(status: int) -> JsonResponse:
    """Answer a call that met no endpoint."""
    return JsonResponse(of_status(status), status=status, content_type=MEDIA_TYPE)


def refusal_answer(refusal: Refusal) -> JsonResponse:
    """Answer a refusal that met a call before its endpoint did."""
    return JsonResponse(of_refusal(refusal), status=refusal.status, content_type=MEDIA_TYPE)


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer a call that an error ended. Its transaction has been undone."""
    found = _problem_of(error)
    headers = _headers_of(error)
    if found["status"] >= 500:
        logger.error("A call failed.", exc_info=error, extra={"request": context.get("request")})
    return Response(found, status=found["status"], headers=headers, content_type=MEDIA_TYPE)


def _problem_of(error: Exception) -> dict[str, Any]:
    if isinstance(error, Refusal):
        return of_refusal(error)
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error.detail)
    if isinstance(error, ModelInvalid):
        return _invalid(getattr(error, "message_dict", None) or error.messages)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return of_status(next((status for kind, status in OF_DJANGO if isinstance(error, kind)), 500))


def of_refusal(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as a problem; where it names fields or places, they are its errors as well."""
    named = refusal.status == 400 and all(isinstance(said, str) for said in refusal.details.values())
    errors = [{"field": field, "message": said} for field, said in refusal.details.items()] if named else ()
    return problem(refusal.status, refusal.code, refusal.message, remedy=refusal.remedy, details=refusal.details, errors=errors)


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    found = of_status(error.status_code)
    if isinstance(error, exceptions.AuthenticationFailed):
        return found | {"code": "bad_token", "detail": str(error.detail)}
    if isinstance(error, exceptions.PermissionDenied) and "CSRF" in str(error.detail):
        return found | {"code": "csrf", "detail": "This session's call is not proved to be its own.", "remedy": UNSAFE_FORM}
    if isinstance(error, exceptions.ParseError):
        return found | {"detail": str(error.detail)}
    return found


def _invalid(detail: Any) -> dict[str, Any]:
    errors = [{"field": field, "message": said} for field, said in _places(detail)]
    return problem(
        400,
        "invalid_input",
        "The input does not say something that can be done.",
        remedy="Correct the fields that are named.",
        errors=errors,
    )


def _places(detail: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Go through what the serializers found wrong: a field's own sentences, and those of the fields in it."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            at = place if name == "non_field_errors" else f"{place}.{name}".lstrip(".")
            yield from _places(inner, at)
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _places(inner, f"{place}[{number}]" if isinstance(inner, Mapping | list) else place)
    else:
        yield place, str(detail)


def _headers_of(error: Exception) -> dict[str, str]:
    headers = {}
    if said := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = said
    wait = getattr(error, "retry_after", None) or getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait))
    return headers
