"""The beat's scheduler: that of django-celery-beat, which also leaves a sign of life, so that a beat that hangs is seen."""

import logging
import time
from typing import Any

from django.db import DatabaseError, close_old_connections
from django_celery_beat.schedulers import DatabaseScheduler

from core.models import Sign
from core.services.signs import leave_sign

logger = logging.getLogger(__name__)
SIGN_EVERY = 15.0


class SigningScheduler(DatabaseScheduler):  # type: ignore[misc]
    """Leaves the beat's sign at most every 15 seconds, from the loop that rings. A database that is down never stops it."""

    _signed_at = -SIGN_EVERY

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring what is due, then leave the sign; return the seconds until the next look."""
        pause: float = super().tick(*args, **kwargs)
        if time.monotonic() - self._signed_at >= SIGN_EVERY:
            self._sign()
        return min(pause, SIGN_EVERY)

    def _sign(self) -> None:
        try:
            close_old_connections()
            leave_sign(name=Sign.BEAT)
        except DatabaseError as error:
            logger.warning("The beat could not leave its sign of life: %s", error)
        else:
            self._signed_at = time.monotonic()
