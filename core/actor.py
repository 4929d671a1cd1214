"""Who really acts, and by what: an administrator who sees Purser as somebody else does, or a program with a person's token.

Records name them beside the person.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.models import ApiToken, User

_administrator: ContextVar[User | None] = ContextVar("acting_administrator", default=None)
_token: ContextVar[ApiToken | None] = ContextVar("acting_token", default=None)


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


def token() -> ApiToken | None:
    """Return the token that the person's program called with, or None where they came by a session."""
    return _token.get()


def carry(found: ApiToken) -> None:
    """Let the rest of the request carry by which token it came. The request's end puts it back: see `by_session`."""
    _token.set(found)


@contextmanager
def by_session() -> Iterator[None]:
    """Let nothing inside the block carry a token until one is shown, and put back what was carried before."""
    before = _token.set(None)
    try:
        yield
    finally:
        _token.reset(before)
