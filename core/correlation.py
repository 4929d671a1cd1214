"""The id that ties a request to everything it did: audit rows, journals, log lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current() -> str:
    """Return the id of the request or job that is running, or an empty string outside one."""
    return _current.get()


def fresh() -> str:
    """Return a new id."""
    return uuid4().hex


@contextmanager
def running(correlation_id: str) -> Iterator[str]:
    """Let everything inside the block carry `correlation_id`."""
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)
