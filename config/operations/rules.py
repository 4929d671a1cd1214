"""What is well and what is not: facts in, a sentence and its fix out. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BEAT_SILENT = timedelta(minutes=2)
WORKER_SILENT = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is looked at: whether it is well, what was found, and the exact fix where it is not.

    `level` is `fine`, `note` (well enough, worth knowing) or `bad`.
    """

    id: str
    ok: bool
    found: str
    fix: str = ""
    level: str = ""

    def __post_init__(self) -> None:
        if not self.level:
            object.__setattr__(self, "level", "fine" if self.ok else "bad")


def fine(name: str, found: str) -> Part:
    return Part(name, True, found)


def note(name: str, found: str, fix: str) -> Part:
    return Part(name, True, found, fix, "note")


def bad(name: str, found: str, fix: str) -> Part:
    return Part(name, False, found, fix)


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago that was, in words."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"


def judge_queue(oldest: datetime | None, *, now: datetime, limit: timedelta) -> Part:
    """Judge how long the oldest event or job has waited beyond its moment."""
    if oldest is None or oldest >= now:
        return fine("queue", "Nothing waits.")
    said = f"The oldest work has waited since {ago(oldest, now)}."
    if now - oldest <= limit:
        return fine("queue", said)
    return bad(
        "queue", said, "See that a worker runs (manage.py up, or celery -A config worker), and what its log says of failures."
    )


def judge_beat(at: datetime | None, *, now: datetime) -> Part:
    """Judge the beat's last sign of life: without it no timer fires and no sweep runs."""
    fix = "Start the beat: manage.py up starts and keeps it; by itself it is celery -A config beat."
    if at is None:
        return bad("beat", "The beat has never left a sign of life.", fix)
    if now - at > BEAT_SILENT:
        return bad("beat", f"The beat's last sign of life is from {ago(at, now)}.", fix)
    return fine("beat", f"The beat's last sign of life is from {ago(at, now)}.")


def judge_worker(at: datetime | None, *, now: datetime, beat_ok: bool) -> Part:
    """Judge the worker's last sign of life. The beat asks for it, so a silent beat leaves it unknown."""
    said = f"A worker's last sign of life is from {ago(at, now)}." if at else "No worker has ever left a sign of life."
    if at is not None and now - at <= WORKER_SILENT:
        return fine("worker", said)
    if not beat_ok:
        return bad("worker", f"{said} Nobody asks for one while the beat is silent.", "Start the beat, then look again.")
    fix = "Start a worker (manage.py up, or celery -A config worker); if one runs, see its log, and that both use one broker."
    return bad("worker", said, fix)
