"""The id that ties a request to everything it did: audit rows, journals, log lines."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

_current: ContextVar[str] = ContextVar("correlation_id", default="")
_facts: ContextVar[Callable[[], Mapping[str, Any]] | None] = ContextVar("facts", default=None)


def current() -> str:
    """Return the id of the request or job that is running, or an empty string outside one."""
    return _current.get()


def facts() -> Mapping[str, Any]:
    """Return what a log line should say of the request that is running: who asks, and by which view."""
    read = _facts.get()
    return read() if read else {}


def fresh() -> str:
    """Return a new id."""
    return uuid4().hex


@contextmanager
def running(correlation_id: str, *, facts: Callable[[], Mapping[str, Any]] | None = None) -> Iterator[str]:
    """Let everything inside the block carry `correlation_id`; `facts` is asked for each line that is logged."""
    token, told = _current.set(correlation_id), _facts.set(facts or _facts.get())
    try:
        yield correlation_id
    finally:
        _facts.reset(told)
        _current.reset(token)
