"""Who really acts: set while an administrator sees Purser as somebody else does, so that records can name both."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.models import User

_administrator: ContextVar[User | None] = ContextVar("acting_administrator", default=None)


def administrator() -> User | None:
    """Return who really acts, or None where everybody is themselves."""
    return _administrator.get()


@contextmanager
def really(user: User) -> Iterator[None]:
    """Let everything inside the block carry who really acts."""
    token = _administrator.set(user)
    try:
        yield
    finally:
        _administrator.reset(token)
