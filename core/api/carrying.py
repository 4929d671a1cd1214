"""How a change is carried out: once under its key, wholly or not at all, or only to see what it would do."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import AnySerializer
from core.api.errors import BadBody, BadParameter
from core.api.problems import of_refusal, of_status
from core.api.queries import is_dry_run
from core.errors import Refusal
from core.models import ApiToken, IdempotencyKey, User
from core.services.idempotency import Call, claim_key, keep_answer
from core.storage import files_with_rows
from core.trials import undone

logger = logging.getLogger(__name__)
LONGEST_KEY = 200
KEPT_HEADERS = ("ETag", "Location")
DRY_RUN = "Purser-Dry-Run"
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several things: its status, and either what it says or the problem that it met."""

    status: int
    said: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    replayed: bool = False


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
        return _tried(endpoint, change)
    call = _call_of(endpoint)
    with files_with_rows(), transaction.atomic():
        kept = claim_key(call=call) if call else None
        if kept is not None:
            return _again(kept)
        answer = change()
        if call is not None:
            body = JSONRenderer().render(answer.data).decode() if answer.data is not None else ""
            headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
            keep_answer(call=call, status=answer.status_code, headers=headers, body=body)
    return answer


def carry_out_each(endpoint: Caller, change: Callable[[], Response]) -> HttpResponse:
    """Do a `change` of several things, which does each with `once`. A dry run of them is undone whole.

    Their key stands for these things from the first moment on, so that it is refused with others before any is done.
    """
    if is_dry_run(endpoint.request):
        return _tried(endpoint, change)
    call = _call_of(endpoint)
    if call is not None:
        with transaction.atomic():
            if claim_key(call=call) is None:
                keep_answer(call=call, status=0, headers={}, body="")
    return change()


def once(endpoint: Caller, name: str, step: Callable[[], dict[str, Any]]) -> Outcome:
    """Do one of several things in a transaction of its own; return what became of it. What is refused stops no other.

    `name` tells it from the others under the call's key: sent again, what was done is not done again, and says the same.
    """
    call = None if is_dry_run(endpoint.request) else _call_of(endpoint)
    try:
        with files_with_rows(), transaction.atomic():
            return _one(_part_of(call, name), step)
    except Refusal as refusal:
        return Outcome(refusal.status, problem=of_refusal(refusal))
    except DatabaseError:
        logger.exception("One of several things could not be done.", extra={"part": name})
        return Outcome(500, problem=of_status(500))


def _one(call: Call | None, step: Callable[[], dict[str, Any]]) -> Outcome:
    kept = claim_key(call=call) if call else None
    if kept is not None:
        return Outcome(kept.status, said=json.loads(kept.body), replayed=True)
    said = step()
    if call is not None:
        keep_answer(call=call, status=200, headers={}, body=JSONRenderer().render(said).decode())
    return Outcome(200, said=said)


def _part_of(call: Call | None, name: str) -> Call | None:
    """Return the call of one part. A line feed is in no key that is sent, so that no other call has this one's."""
    if call is None:
        return None
    return replace(call, key=f"{hashlib.sha256(call.key.encode()).hexdigest()}\n{name}")


def _tried(endpoint: Caller, change: Callable[[], Response]) -> Response:
    """Do it, tell under `dry_run` what it moves on budget lines, and undo it."""
    with undone() as told:
        answer = change()
        effects = told(endpoint.person)
    if isinstance(answer.data, dict):
        answer.data = {**answer.data, "dry_run": effects.as_json()}
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
