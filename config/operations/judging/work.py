"""Whether the work that nobody sees goes on: queue, beat, worker, schedules, broker. Pure."""

from datetime import datetime, timedelta

from config.operations.parts import Part, ago, bad, fine, listed, note

BEAT_SILENT = timedelta(minutes=2)
WORKER_SILENT = timedelta(minutes=3)


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


def judge_schedules(wanted: dict[str, str], there: dict[str, bool]) -> Part:
    """Judge the rows of periodic work: `wanted` is task by name, `there` whether each name is enabled."""
    missing = sorted(set(wanted) - set(there))
    if missing:
        return bad(
            "schedules", f"There is no schedule for: {listed(missing)}.", "manage.py prepare makes what is missing; up runs it."
        )
    off = sorted(name for name in wanted if not there[name])
    if off:
        fix = "Enable them in Set up, Periodic tasks; without them timers, sweeps or anchors stand still."
        return bad("schedules", f"Switched off: {listed(off)}.", fix)
    return fine("schedules", f"All {len(wanted)} schedules are there and enabled.")


def judge_broker(address: str, failure: str) -> Part:
    """Judge whether the broker answered; `failure` is its word where it did not. Work waits for the sweep without one."""
    if not failure:
        return fine("broker", f"The broker answers ({address}).")
    fix = "Start the broker, or correct CELERY_BROKER_URL; without that variable a folder is the broker and no server is needed."
    return bad("broker", f"The broker does not answer ({address}): {failure}", fix)


def judge_mail(place: str, failure: str, *, goes_out: bool) -> Part:
    """Judge whether the mail server took our greeting. `goes_out` is False where mail is kept on a page or in a log."""
    if failure:
        fix = "Set PURSER_EMAIL_URL, such as smtp+tls://user:password@mail.example.org:587, and start Purser again."
        return bad("mail", f"The mail server does not answer ({place}): {failure}", fix)
    if not goes_out:
        return note("mail", f"Mail does not leave this machine: {place}.", "For mail that goes out set PURSER_EMAIL_URL.")
    return fine("mail", f"The mail server answers ({place}).")
