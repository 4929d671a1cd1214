"""Knocking at a door: one request as a browser would send it, and what came back, in text."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows import login
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import got_request_exception
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import reverse

from core.acting import SESSION_KEY
from core.models import User
from tests.doors.words import Answer

TOKEN = "t" * 32
ONE_DAY = 86_400
WRONG = frozenset({400, 409, 412, 415, 422, 428, 503})


@dataclass(frozen=True)
class Knock:
    """What is asked: `sent` are the values that the request itself says, which an answer may say again."""

    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    with_token: bool = True

    @property
    def sent(self) -> list[str]:
        return [self.path, *(str(value) for value in self.body.values())]


@dataclass(frozen=True)
class Got:
    """What came back. `error` is what was raised where the answer is our own fault."""

    status: int
    headers: Mapping[str, str]
    text: str
    error: str = ""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def answer(self) -> str:
        """Say in a table's words what this is; for what no table has a word, the status."""
        if self.status in {301, 302, 303} and is_sign_in(self.location):
            return Answer.SIGN_IN
        if 200 <= self.status < 400:
            return Answer.ALLOWED
        if self.status in WRONG:
            return Answer.WRONG
        return {401: Answer.SIGN_IN, 403: Answer.REFUSED, 404: Answer.HIDDEN}.get(self.status, str(self.status))


def is_sign_in(location: str) -> bool:
    path = urlsplit(location).path
    return path in {reverse(settings.LOGIN_URL), reverse("admin:login")}


class Visitor:
    """Somebody with a session of their own, or a stranger."""

    def __init__(self, person: User | None, handler: ClientHandler) -> None:
        self.handler = handler
        self.cookies = {settings.CSRF_COOKIE_NAME: TOKEN}
        if person is not None:
            client = Client()
            client.force_login(person)
            _shown_again(client, person)
            self.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
            # What a session keeps from its first use on need not be found out at each door again.
            self.knock(Knock("GET", "/"), keep=True)

    def knock(self, knock: Knock, *, keep: bool = False) -> Got:
        """Ask, and take back whatever it changed, unless it is to be kept."""
        with transaction.atomic(), _raised() as errors:
            response = self.handler(self._environ(knock))
            if keep:
                kept = {name: morsel.value for name, morsel in response.cookies.items() if morsel.value}
                # A message waits for the next page, and would be found in every answer from here on.
                self.cookies |= {name: value for name, value in kept.items() if name != CookieStorage.cookie_name}
            got = Got(response.status_code, _headers(response), _text(response), "; ".join(errors))
            transaction.set_rollback(not keep)
        return got

    def act_as(self, acting_id: int) -> None:
        """Carry in the session that this person acts as another."""
        session = SessionStore(self.cookies[settings.SESSION_COOKIE_NAME])
        session[SESSION_KEY] = acting_id
        session.save()

    def _environ(self, knock: Knock) -> dict[str, Any]:
        factory = RequestFactory(headers={**knock.headers, **({"X-CSRFToken": TOKEN} if knock.with_token else {})})
        factory.cookies.load(self.cookies)
        data = {name: value for name, value in knock.body.items() if value is not None}
        if knock.path.startswith("/api/") and knock.method != "GET":
            return factory.generic(knock.method, knock.path, json.dumps(data), content_type="application/json").environ
        request = factory.post(knock.path, data) if knock.method == "POST" else factory.generic(knock.method, knock.path)
        return request.environ


def _shown_again(client: Client, person: User) -> None:
    """Let the person have given their password just now, for the pages that ask for it again."""
    session = client.session
    given = {"method": "password", "at": time.time() + ONE_DAY, "reauthenticated": True}
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [given]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
    session.save()


@contextmanager
def _raised() -> Iterator[list[str]]:
    """Catch what is behind an answer of 500."""
    errors: list[str] = []

    def note(**kwargs: Any) -> None:
        errors.append(repr(sys.exc_info()[1])[:300])

    got_request_exception.connect(note)
    try:
        yield errors
    finally:
        got_request_exception.disconnect(note)


def _headers(response: HttpResponseBase) -> dict[str, str]:
    kept = {name.lower(): value for name, value in response.items()}
    kept["set-cookie"] = "; ".join(morsel.OutputString() for morsel in response.cookies.values())
    return kept


def _text(response: HttpResponseBase) -> str:
    """Return all that the answer says, in small letters: its body, its headers, and the messages that the next page shows."""
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    parts = [content.decode("utf-8", "replace"), json.dumps(dict(response.items())), _messages(response)]
    return "\n".join(parts).lower()


def _messages(response: HttpResponseBase) -> str:
    morsel = response.cookies.get("messages")
    storage: Any = CookieStorage(HttpRequest())
    kept = storage._decode(morsel.value) if morsel and morsel.value else None
    return " ".join(str(message) for message in kept or [])


def query(**parameters: Any) -> str:
    return f"?{urlencode(parameters)}"
