"""Looks at the work that nobody sees, the broker, and the mail server."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from kombu.connection import Connection as Broker

from config.operations.judging import books, work
from config.operations.looking.ground import Ground, Look, plain
from config.operations.parts import Part
from config.runtime.schedules import declared
from core.models import Sign

PATIENCE = 5.0
_OLDEST = """
SELECT least((SELECT min(due_at) FROM core_outboxevent WHERE handled_at IS NULL),
             (SELECT min(queued_at) FROM core_job WHERE state = 'queued'))
"""
_ANCHORS = """
SELECT a.taken_at, a.name, (SELECT count(*) FROM budgets_journal) - coalesce(a.journals, 0),
       (SELECT min(recorded_at) FROM budgets_journal WHERE a.taken_at IS NULL OR recorded_at > a.taken_at)
FROM (SELECT 1) one LEFT JOIN (SELECT * FROM budgets_anchor ORDER BY number DESC LIMIT 1) a ON true
"""


def last_sign(ground: Ground, name: str) -> books.Last | None:
    """Return the last sign that `name` left."""
    row = ground.rows.execute("SELECT at, is_well, said FROM core_sign WHERE name = %s", [name]).fetchone()
    return books.Last(*row) if row else None


def beat_and_worker(ground: Ground) -> Iterator[Part]:
    beat, worker = last_sign(ground, Sign.BEAT), last_sign(ground, Sign.WORKER)
    found = work.judge_beat(beat.at if beat else None, now=ground.now)
    yield found
    yield work.judge_worker(worker.at if worker else None, now=ground.now, beat_ok=found.ok)


def queue(ground: Ground) -> Iterator[Part]:
    limit = timedelta(seconds=settings.QUEUE_LIMIT_SECONDS)
    yield work.judge_queue(ground.one(_OLDEST)[0], now=ground.now, limit=limit)


def schedules(ground: Ground) -> Iterator[Part]:
    there = dict(ground.rows.execute("SELECT name, enabled FROM django_celery_beat_periodictask").fetchall())
    yield work.judge_schedules({name: task for name, task, _ in declared()}, there)


def broker(ground: Ground) -> Iterator[Part]:
    """Reach the broker with a short patience. A folder is looked at by the check of the folders."""
    address = settings.CELERY_BROKER_URL
    parts = urlsplit(address)
    place = "a folder" if parts.scheme == "filesystem" else f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")
    failure = ""
    if parts.scheme != "filesystem":
        try:
            wait = {"socket_connect_timeout": PATIENCE}
            opened: Any = Broker(address, connect_timeout=PATIENCE, transport_options=wait)  # type: ignore[no-untyped-call]
            with opened:
                opened.ensure_connection(max_retries=1, timeout=PATIENCE)
        except Exception as error:  # noqa: BLE001  each transport fails in its own way; what it says is the finding
            failure = plain(error)
    yield work.judge_broker(place, failure)


def mail(ground: Ground) -> Iterator[Part]:
    """Greet the mail server, and sign in where we have a name there. Nothing is sent."""
    backend = settings.EMAIL_BACKEND
    if settings.DEMO or (settings.VAR_DIR / "demo.txt").is_file():
        yield work.judge_mail("a demo keeps it on a page", "", goes_out=False)
        return
    if not backend.endswith("smtp.EmailBackend"):
        yield work.judge_mail(backend.rpartition(".")[0], "", goes_out=False)
        return
    place, failure = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}", ""
    try:
        _greet()
    except (OSError, smtplib.SMTPException) as error:
        failure = plain(error)
    yield work.judge_mail(place, failure, goes_out=True)


def _greet() -> None:
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE) as server:
        server.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            server.starttls()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        server.noop()


def anchors(ground: Ground) -> Iterator[Part]:
    taken_at, name, since, posted = ground.one(_ANCHORS)
    is_there = bool(name) and (settings.ANCHOR_DIR / name).is_file()
    found = books.Anchoring(taken_at, posted, max(0, since), is_there, settings.ANCHOR_KEY_FILE.is_file())
    yield books.judge_anchors(found, now=ground.now)


def ledger_check(ground: Ground) -> Iterator[Part]:
    yield books.judge_ledger_check(last_sign(ground, Sign.LEDGER_CHECK), now=ground.now)


def backup(ground: Ground) -> Iterator[Part]:
    yield books.judge_backup(last_sign(ground, Sign.BACKUP), now=ground.now)


LOOKS = (
    Look(("beat", "worker"), beat_and_worker, needs_database=True),
    Look(("queue",), queue, needs_database=True),
    Look(("schedules",), schedules, needs_database=True),
    Look(("broker",), broker),
    Look(("mail",), mail),
    Look(("anchors",), anchors, needs_database=True),
    Look(("ledger-check",), ledger_check, needs_database=True),
    Look(("backup",), backup, needs_database=True),
)
