"""The doorbell: tells a worker that rows wait. Where a ring is lost, the sweep of each minute finds the work.

It rings at once, and then at most every 50 ms: what is committed meanwhile is told by one ring at the end of that pause.
A worker takes all that waits, so a ring for each of many commits would only cost time, here and there.
"""

import logging
import os
import time
from threading import Lock, Timer

from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
PAUSE = 0.05


def ring() -> None:
    """Ring once, when this transaction has committed. A dead broker is logged and delays the work, never loses it."""
    if not any(waiting[1] is _press for waiting in connection.run_on_commit):
        transaction.on_commit(_press, robust=True)


class Bell:
    """Rings for whoever presses it, in any thread of this process. Every press is followed by a ring that begins after it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rung_at = -PAUSE
        self._later: Timer | None = None

    def press(self) -> None:
        """Ring at once, or at the end of the pause where it rang just now."""
        with self._lock:
            if self._later is not None:
                return
            wait = self._rung_at + PAUSE - time.monotonic()
            if wait > 0:
                self._later = Timer(wait, self._ring)
                self._later.start()
                return
        self._ring()

    def _ring(self) -> None:
        with self._lock:
            # Who presses from here on may have committed too late for this ring, and gets the next.
            self._rung_at, self._later = time.monotonic(), None
        _send()


def _press() -> None:
    _bell.press()


def _send() -> None:
    from core.tasks import drain_outbox, run_jobs

    try:
        drain_outbox.apply_async(ignore_result=True, retry=False)
        run_jobs.apply_async(ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not answer (%s); the sweep will find the work.", error)


def _hang_anew() -> None:
    """A forked process has none of its parent's threads: a ring that was to come later would never come."""
    global _bell  # noqa: PLW0603  there is one bell to a process
    _bell = Bell()


_bell = Bell()
os.register_at_fork(after_in_child=_hang_anew)
