"""The one clock. Services read it once and pass the moment on.

A moment may be set for a block of code, so that a story of the past can be told through the services
and a test need not patch anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_stated: ContextVar[datetime | None] = ContextVar("stated_moment", default=None)


def now() -> datetime:
    """Return the present moment in UTC, or the moment stated by `at`."""
    return _stated.get() or datetime.now(UTC)


def stated() -> datetime | None:
    """Return the moment stated by `at`, or None where the real clock runs."""
    return _stated.get()


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Let the clock stand at `moment` (aware) inside the block."""
    if moment.tzinfo is None:
        raise ValueError("The clock takes aware moments only.")
    token = _stated.set(moment.astimezone(UTC))
    try:
        yield moment
    finally:
        _stated.reset(token)
