"""Real processes for tests: a worker and a beat on the test's own database."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.runtime.bringing_up import beat, lay_out, worker
from config.runtime.logins import Login
from config.runtime.supervisor import Supervisor

PATIENCE = 240.0


def until(condition: Callable[[], bool]) -> bool:
    """Look again and again until it holds; False when patience ends. For what other processes do."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        pause.wait(0.1)
    return False


@contextmanager
def worker_and_beat(var: Path, *, broker: str = "filesystem://localhost") -> Iterator[Supervisor]:
    """Run a real worker and a real beat over the test's database. The test must commit: `transaction=True`."""
    lay_out(var)
    seen = os.environ | {
        "DATABASE_URL": Login.from_settings(connection.settings_dict).url(),
        "PURSER_VAR": str(var),
        "CELERY_BROKER_URL": broker,
        "PURSER_QUEUE": f"purser-test-{os.getpid()}",
    }
    supervisor = Supervisor([worker(seen, var / "log"), beat(seen, var / "log")], say=print)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.end()


def words_of(var: Path) -> str:
    """Return the ends of what the processes said, for the message of a failed test."""
    return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-2000:]}" for log in sorted((var / "log").iterdir()))
