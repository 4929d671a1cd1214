"""Whether this installation can take work: each part with a sentence that gives nothing away. Looks once a second at most."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from config.operations.judging.work import judge_beat, judge_queue
from config.operations.parts import Part
from config.runtime.pango import how_to_install_pango
from core import clock
from core.models import Sign

KEPT_FOR = 1.0
PATIENCE = "2s"
_OLDEST = """
SELECT (SELECT min(due_at) FROM core_outboxevent WHERE handled_at IS NULL),
       (SELECT min(queued_at) FROM core_job WHERE state = 'queued')
"""
_APPLIED = "SELECT app, name FROM django_migrations"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the parts came to. Parts that the settings excuse are told, and do not count."""

    parts: tuple[Part, ...]

    @property
    def is_ready(self) -> bool:
        return all(part.ok or part.id in settings.READY_WITHOUT for part in self.parts)


class Watch:
    """Looks at most once a second, however many ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Readiness | None = None
        self._at = 0.0

    def look(self) -> Readiness:
        with self._lock:
            if self._seen is None or time.monotonic() - self._at > KEPT_FOR:
                self._seen, self._at = look(), time.monotonic()
            return self._seen

    def forget(self) -> None:
        """Look anew next time."""
        self._seen = None


watch = Watch()


def look() -> Readiness:
    """Look at each part now. Without a database the parts that live there are not ready either."""
    try:
        parts = _database_parts(clock.now())
    except DatabaseError:
        said = "The database does not answer."
        parts = tuple(Part(name, False, said) for name in ("database", "migrations", "queue", "beat"))
    return Readiness((*parts, _pdf()))


def _database_parts(now: datetime) -> tuple[Part, ...]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
        answers = Part("database", True, "The database answers.")
        cursor.execute(_APPLIED)
        missing = len(_on_disk() - {(app, name) for app, name in cursor.fetchall()})
        migrations = Part("migrations", not missing, f"{missing} migrations are not applied." if missing else "All are applied.")
        if missing:
            said = "Not looked at: the tables may not be there yet."
            return answers, migrations, Part("queue", False, said), Part("beat", False, said)
        cursor.execute(_OLDEST)
        waiting = [moment for moment in cursor.fetchone() if moment is not None]
        beat = Sign.objects.filter(name=Sign.BEAT).values_list("at", flat=True).first()
    limit = timedelta(seconds=settings.QUEUE_LIMIT_SECONDS)
    return answers, migrations, judge_queue(min(waiting, default=None), now=now, limit=limit), judge_beat(beat, now=now)


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    """Return the migrations that this process's code has, those left out that others replace."""
    loader = MigrationLoader(None)
    return frozenset(loader.graph.nodes)


@cache
def _pdf() -> Part:
    there = not how_to_install_pango()
    return Part("pdf", there, "PDFs can be made." if there else "Pango is not installed; the doctor says how to.")
