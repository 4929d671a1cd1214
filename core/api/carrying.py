"""How a change is carried out: once under its key, wholly or not at all, or only to see what it would do."""

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import AnySerializer
from core.api.errors import BadBody, BadParameter
from core.api.queries import is_dry_run
from core.models import ApiToken, IdempotencyKey, User
from core.services.idempotency import Call, claim_key, keep_answer
from core.storage import files_undone

LONGEST_KEY = 200
KEPT_HEADERS = ("ETag", "Location")
DRY_RUN = "Purser-Dry-Run"
REPLAYED = "Idempotency-Replayed"


class Caller(Protocol):
    """What is asked of an endpoint."""

    request: Request

    @property
    def person(self) -> User: ...

    @property
    def token(self) -> ApiToken | None: ...


def carry_out(endpoint: Caller, change: Callable[[], Response]) -> HttpResponse:
    """Do `change` in one transaction, with its idempotency key. A dry run is undone, and so is what is refused."""
    if is_dry_run(endpoint.request):
        return _tried(change)
    call = _call_of(endpoint)
    with transaction.atomic():
        kept = claim_key(call=call) if call else None
        if kept is not None:
            return _again(kept)
        answer = change()
        if call is not None:
            body = JSONRenderer().render(answer.data).decode() if answer.data is not None else ""
            headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
            keep_answer(call=call, status=answer.status_code, headers=headers, body=body)
    return answer


def _tried(change: Callable[[], Response]) -> Response:
    with files_undone(), transaction.atomic():
        answer = change()
        transaction.set_rollback(True)
    answer[DRY_RUN] = "true"
    # Nothing is there that they could be the state or the place of.
    for name in KEPT_HEADERS:
        answer.headers.pop(name, None)
    return answer


def _again(kept: IdempotencyKey) -> HttpResponse:
    answer = HttpResponse(kept.body, status=kept.status, headers=kept.headers, content_type="application/json")
    if not kept.body:
        del answer["Content-Type"]
    answer[REPLAYED] = "true"
    return answer


def _call_of(endpoint: Caller) -> Call | None:
    request = endpoint.request
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        remedy = f"Use 1 to {LONGEST_KEY} plain characters, such as a UUID."
        raise BadParameter("The idempotency key does not fit.", remedy=remedy, code="idempotency_key")
    raw = request._request
    return Call(endpoint.person, endpoint.token, key, raw.method or "", raw.get_full_path(), _digest(raw))


def _digest(request: HttpRequest) -> bytes:
    """Return what tells this call from others: method, address, condition, body."""
    parts = [request.method or "", request.get_full_path(), request.headers.get("If-Match", "")]
    found = hashlib.sha256("\n".join(parts).encode())
    if (request.content_type or "").startswith("multipart/"):
        _add_form(found, request)
    else:
        found.update(b"\n" + request.body)
    return found.digest()


def _add_form(found: Any, request: HttpRequest) -> None:
    """Digest the fields and files of a form; its boundary, which is drawn anew each time, says nothing."""
    for name, values in sorted(request.POST.lists()):
        found.update(f"\n{name}={values}".encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            found.update(f"\n{name}:{file.name}:{file.size}\n".encode())
            for chunk in file.chunks():
                found.update(chunk)
            file.seek(0)


def taken(takes: AnySerializer | None, request: Request) -> Any:
    """Return what the body says. Raises BadBody, ValidationError."""
    if takes is None:
        if request.data:
            raise BadBody("Nothing is taken here but an empty body.", remedy="Leave the body out.")
        return None
    reader = takes(data=request.data, context={"request": request})
    reader.is_valid(raise_exception=True)
    return reader.validated_data
