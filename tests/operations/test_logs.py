"""Log lines: who asked, by which request; never a secret, an address, or a second line."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from config.operations import logs
from config.operations.redaction import clean, clean_text
from core import correlation
from core.models import OutboxEvent
from core.services import jobs, notices, outbox

PLANTED = (
    "hunter2hunter2",
    "someone@example.org",
    "eyJhbGciOiJIUzI1NiJ9abcdefghijklmnopQRSTUV0123456789",
    "s3cr3tPassw0rd",
)


class Caught:
    """What a handler of ours wrote."""

    def __init__(self, form: str) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logs.formatter(form=form))

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def _catching(form: str) -> Iterator[Caught]:
    caught, root = Caught(form), logging.getLogger()
    level = root.level
    root.addHandler(caught.handler)
    root.setLevel(logging.INFO)
    yield caught
    root.removeHandler(caught.handler)
    root.setLevel(level)


@pytest.fixture
def caught() -> Iterator[Caught]:
    yield from _catching("json")


@pytest.fixture
def seen() -> Iterator[Caught]:
    yield from _catching("text")


def test_every_request_has_its_line(caught: Caught, client: Client, requester: Any) -> None:
    client.force_login(requester)
    answer = client.get("/requests/REQ-NONE/?q=hunter2hunter2", headers={"x-request-id": "from-the-proxy-1"})
    assert answer.status_code == 404
    (line,) = [each for each in caught.lines if each["logger"] == "purser.access"]
    assert line["time"].endswith("Z")
    assert {name: line[name] for name in ("level", "event", "request_id", "user", "view", "method", "status", "route")} == {
        "level": "info",
        "event": "request",
        "request_id": "from-the-proxy-1",
        "user": requester.pk,
        "view": "approvals:request",
        "method": "GET",
        "status": 404,
        "route": "/requests/<str:number>/",
    }
    assert line["ms"] >= 0
    assert "hunter2hunter2" not in caught.text


def test_a_path_that_nobody_has_can_break_no_line(caught: Caught, client: Client, db: None) -> None:
    client.get("/nothing%0A%7B%22level%22:%22error%22%7D%1b[31m/someone@example.org/")
    (line,) = [each for each in caught.lines if each["logger"] == "purser.access"]
    assert "someone@example.org" not in caught.text
    assert "\x1b" not in caught.text
    assert line["path"].startswith("/nothing\n")


def test_planted_secrets_are_gone(caught: Caught, seen: Caught) -> None:
    log = logging.getLogger("tests.secrets")
    log.warning("password=%s for %s", PLANTED[0], PLANTED[1])
    log.warning("Authorization: Bearer %s", PLANTED[2])
    log.warning("at postgresql://purser:%s@db/purser", PLANTED[3])
    structlog.get_logger("tests.secrets").warning(
        "posted", password=PLANTED[0], headers={"Cookie": PLANTED[2]}, people=[PLANTED[1]], form={"new_password1": PLANTED[3]}
    )
    try:
        raise ValueError(f"could not reach https://user:{PLANTED[3]}@host with token={PLANTED[2]} of {PLANTED[1]}")
    except ValueError:
        log.exception("It failed.")
    assert len(caught.lines) == len(seen.text.splitlines()) == 5
    for planted in PLANTED:
        assert planted not in caught.text
        assert planted not in seen.text


def test_the_keys_of_this_installation_are_known_by_heart(caught: Caught) -> None:
    with override_settings(METRICS_TOKEN="quite-plain-words"):
        logging.getLogger("tests").error("found %s and quite-plain-words", settings.SECRET_KEY)
    assert settings.SECRET_KEY not in caught.text
    assert "quite-plain-words" not in caught.text


def test_an_exception_is_one_line_with_its_places(caught: Caught) -> None:
    try:
        raise RuntimeError("two\nlines \u2028 and \x1b[0m colours")
    except RuntimeError:
        logging.getLogger("tests").exception("It\nfailed\r\n{}")
    assert caught.text.count("\n") == 1
    assert caught.text.isascii()
    (line,) = caught.lines
    assert line["exception"].startswith("RuntimeError: two\nlines")
    assert line["at"][-1].endswith("test_an_exception_is_one_line_with_its_places")


@given(st.text())
def test_no_text_makes_a_second_line(text: str) -> None:
    for form in ("json", "text"):
        record = logging.LogRecord("tests", logging.ERROR, "", 0, "%s", (text,), None)
        assert len(logs.formatter(form=form).format(record).splitlines()) == 1


def test_digests_and_ids_stay() -> None:
    for kept in (
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "REQ-2026-00012",
        "job-17",
        "approvals:request",
    ):
        assert clean_text(kept) == kept
    assert clean({"reset_token": "x", "count": 3}) == {"reset_token": "[redacted]", "count": 3}


@pytest.mark.django_db
def test_the_request_goes_with_its_events_and_jobs(requester: Any) -> None:
    heard: list[str] = []
    with correlation.running("request-00001"):
        notices.notify(person=requester, kind="test", subject="Look", key="one")
        job = jobs.start_job(kind="board-pack", title="A pack", args={"budget_id": 0, "month": "2026-03-01"}, actor=None)
    assert OutboxEvent.objects.get().correlation_id == job.correlation_id == "request-00001"

    def hear(event: Any) -> None:
        heard.append(correlation.current())

    from core import events

    handlers = events.handlers_of_topic["core.notice_written"]
    handlers.append(hear)
    try:
        outbox.drain()
    finally:
        handlers.remove(hear)
    assert heard == ["request-00001"]
    jobs.run_waiting_jobs()
    job.refresh_from_db()
    assert "request-00001" in job.error
