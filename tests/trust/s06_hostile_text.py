"""S6: hostile text in every column of text: nothing is fetched, no file is read, no tag comes alive, no header is slipped in.

The bugs that are planted: templates that escape nothing, and a fetcher that opens what it is told.
"""

import logging
import re
import secrets
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.core import mail
from django.template import engines
from django.test import Client
from django.test.utils import override_settings

from approvals.services.attachments import attach
from core import clock
from core.models import User
from core.services import notices, outbox
from reconciliation.services import ingest
from reporting import pdf
from reporting.services.packs import freeze_pack, render_pack
from tests.factories.approvals import draft
from tests.factories.budgets import move
from tests.factories.core import assign
from tests.measures.harness import Outcome, Setting
from tests.trust.hostile.corpus import papers, texts
from tests.trust.hostile.listener import Listener, listening
from tests.trust.hostile.looking import alive, alive_in_mail, alive_in_paper
from tests.trust.hostile.planting import fields, plant
from tests.trust.scenarios import imports
from tests.trust.scenarios.ground import MARCH, MONDAY, Ground, lay

ID = "S6"
NAME = "hostile text stays text"
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
NOT_FOLLOWED = ("/static/", "/account/", "/sign-out", "/-/", "/metrics", "/api/")


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Fill a house, plant, and look at every page, mail and paper that comes of it."""
    folder = setting.folder / f"s06-{planted}"
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret.txt"
    secret.write_text(secrets.token_hex(16))
    found: Counter[str] = Counter()
    with (
        listening() as listener,
        override_settings(MEDIA_ROOT=folder / "files", EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"),
        setting.database("s06") as login,
        _quiet(),
        _bugs() if planted else _nothing(),
    ):
        with clock.at(MONDAY):
            ground = _house()
        planted_in = {"columns": 0, "cells": 0}
        pages = mails = 0
        corpus = texts(listener.address, secret)
        for turn in range(setting.pick(small=1, full=len(corpus))):
            with setting.server.to(login.dbname).connect() as owner:
                planted_in = plant(owner, corpus, turn=turn * 5)
            pages += _walk(ground, listener, found, most=setting.pick(small=40, full=400))
            mails += _mail(ground, corpus, found, turn)
            _paper(ground, secret, listener, found, note=corpus[turn])
        rendered = _papers(setting, listener, secret, found)
    figures = {
        "columns_there": sum(1 for _ in fields()),
        **{f"{name}_planted": count for name, count in planted_in.items()},
        "texts": len(corpus),
        "pages": pages,
        "mails": mails,
        "papers": rendered,
        "connections": listener.connections,
        "alive": dict(found.most_common(12)),
    }
    enough = pages >= 60 and mails >= len(corpus) and planted_in["columns"] >= 40
    return Outcome(enough and not found and not listener.connections, figures)


def _house() -> Ground:
    """Make a house with something of everything that carries text, and an administrator who sees the set-up pages."""
    ground = lay()
    ground.submitted("200")
    ground.approved("300")
    request = draft(ground.requester, ground.account)
    attach(request_id=request.pk, actor=ground.requester, name="offer.txt", content=b"words")
    for build in (imports._apply, imports._apply_invoices, imports._apply_statements):
        ingest.apply(**build(ground))
    move(ground.account, "spent", "1500", month=MARCH, is_fact=True)
    outbox.drain()
    freeze_pack(budget=ground.budget, month=MARCH, actor=ground.finance, note="first")
    keeper = ground.people["executive"]
    User.objects.filter(pk=keeper.pk).update(is_staff=True, is_superuser=True)
    for code, kind in (("administrator", "administrator"), ("auditor", "auditor")):
        assign(keeper, code, ground.entity, kind=kind)
    return ground


def _walk(ground: Ground, listener: Listener, found: Counter[str], *, most: int) -> int:
    """Open every page that leads from another, as finance, as a requester, and as an administrator; return how many."""
    starts = {ground.finance: "/", ground.requester: "/requests/", ground.people["executive"]: "/admin/"}
    return sum(_walk_as(person, start, listener, found, most) for person, start in starts.items())


def _walk_as(person: User, start: str, listener: Listener, found: Counter[str], most: int) -> int:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=person.pk))
    waiting, seen, kinds = deque([start]), {start}, Counter[str]()
    opened = 0
    while waiting and opened < most:
        address = waiting.popleft()
        answer = client.get(address.replace("&amp;", "&"))
        opened += 1
        if answer.status_code >= 500:
            found[f"error {answer.status_code} at {_shape(address)}"] += 1
        if answer.streaming or "html" not in answer.get("Content-Type", "") or not answer.content.strip():
            continue
        found.update(f"{what} at {_shape(address)}" for what in alive(answer.content, listener.address))
        for link in LINK.findall(answer.content.decode()):
            # Two of a kind are enough: a hundred rows have a hundred pages that are made alike.
            if link not in seen and not link.startswith(("//", *NOT_FOLLOWED)) and kinds[_shape(link)] < 2:
                seen.add(link)
                kinds[_shape(link)] += 1
                waiting.append(link)
    return opened


def _shape(address: str) -> str:
    path, _, query = address.partition("?")
    return re.sub(r"\d+", "#", path) + (
        "?" + "&".join(sorted(part.partition("=")[0] for part in query.split("&"))) if query else ""
    )


def _mail(ground: Ground, corpus: list[str], found: Counter[str], turn: int) -> int:
    """Send every text as a notice's subject and body, and whatever else waits, and look at what was sent."""
    mail.outbox = []
    for number, text in enumerate(corpus):
        told: dict[str, Any] = {"subject": text, "body": text, "key": f"s6-{turn}-{number}"}
        notices.notify(person=ground.requester, kind="test", entity=ground.entity, url="/requests/", **told)
    outbox.drain()
    for sent in mail.outbox:
        found.update(f"{what} in a mail" for what in alive_in_mail(sent.message(), to=sent.to[0]))
    return len(mail.outbox)


def _paper(ground: Ground, secret: Path, listener: Listener, found: Counter[str], *, note: str) -> None:
    """Issue a pack over the planted names, and look into its PDF."""
    ground.budget.refresh_from_db()
    pack = freeze_pack(budget=ground.budget, month=MARCH, actor=ground.finance, note=note[:200])
    content = bytes(render_pack(pack=pack, actor=ground.finance).content)
    own = set(_names_in(content))
    told: dict[str, Any] = {"secret": secret.read_text(), "address": listener.address, "attachments": own}
    found.update(f"{what} in a pack" for what in alive_in_paper(content, **told))


def _names_in(content: bytes) -> Iterator[str]:
    """Give the names of what a pack itself attaches: its data."""
    import io

    import pypdf

    yield from (name for name in pypdf.PdfReader(io.BytesIO(content)).attachments if name.endswith(".json"))


def _papers(setting: Setting, listener: Listener, secret: Path, found: Counter[str]) -> int:
    """Render papers in which every kind of URL stands live in every place that HTML, CSS and SVG have for one."""
    count = 0
    for html in papers(listener.address, secret):
        made = pdf.render(html, attachments=[], made_at=MONDAY, identifier="ab" * 16)
        told: dict[str, Any] = {"secret": secret.read_text(), "address": "\0", "attachments": set()}
        found.update(f"{what} in a paper" for what in alive_in_paper(made.content, **told) if "link" not in what)
        count += 1
    return count


@contextmanager
def _bugs() -> Iterator[None]:
    """Let templates escape nothing, and let the fetcher open whatever it is told."""
    from weasyprint.urls import URLFetcher

    engine = engines["django"].engine  # type: ignore[attr-defined]
    with mock.patch.object(engine, "autoescape", False), mock.patch.object(pdf, "_fetcher", return_value=URLFetcher(timeout=2)):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nothing be logged: thousands of refused addresses and opened pages are what is counted here."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
