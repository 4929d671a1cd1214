"""The doorbell: tells a worker that rows wait. Where a ring is lost, the sweep of each minute finds the work."""

import logging

from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring() -> None:
    """Ring once, when this transaction has committed. A dead broker is logged and delays the work, never loses it."""
    if not any(waiting[1] is _send for waiting in connection.run_on_commit):
        transaction.on_commit(_send, robust=True)


def _send() -> None:
    from core.tasks import drain_outbox, run_jobs

    try:
        drain_outbox.apply_async(ignore_result=True, retry=False)
        run_jobs.apply_async(ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not answer (%s); the sweep will find the work.", error)
