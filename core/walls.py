"""Whose rows the running code sees: nobody's, those of some entities, or all.

The database holds to it (row-level security, laid by `config.runtime.row_policies`); this module only says what is to hold.
What is said here is told to the server with the next statement, whatever connection that goes over: see `core.database`.
Outside of a request, a task and a command nothing is said, and walled tables then show nothing and take nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from core.models import User

SETTING = "purser.reach"
# As the server is told them. `{}`, somebody who may see no entity, still sees what belongs to no entity at all.
NOTHING = ""
ALL = "all"
NO_ENTITY = "{}"

_reach: ContextVar[str | None] = ContextVar("reach", default=None)
_by_default = NOTHING


def current() -> str:
    """Return what the running code sees, as the server is told it: `all`, entity ids as `{1,2}`, or blank for nothing."""
    said = _reach.get()
    return _by_default if said is None else said


def look_as(user: "User | AnonymousUser") -> None:
    """Narrow what runs from here on to the entities in which `user` holds a role. The request's end puts it back.

    A superuser, who sets up everybody's books, sees all.
    """
    _reach.set(reach_of(user))


def reach_of(user: "User | AnonymousUser") -> str:
    """Return what `user` may see, as the server is told it."""
    # Late, since the database's backend imports this module before there are models.
    from core.access import grants_of

    if user.is_active and user.is_superuser:
        return ALL
    return _of_entities(grant.entity_id for grant in grants_of(user))


def _of_entities(ids: Iterable[int]) -> str:
    return "{" + ",".join(str(number) for number in sorted(set(ids))) + "}"


@contextmanager
def system() -> Iterator[None]:
    """See all rows within the block: for workers, commands, and services that must look beyond their caller's entities."""
    with seeing(ALL):
        yield


@contextmanager
def looking_as(user: "User | AnonymousUser") -> Iterator[None]:
    """See within the block what `user` may see, and what was seen before afterwards."""
    with seeing(reach_of(user)):
        yield


@contextmanager
def nothing_yet() -> Iterator[None]:
    """See nothing of any entity within the block, until `look_as` says more. What was seen before comes back afterwards."""
    with seeing(NO_ENTITY):
        yield


@contextmanager
def seeing(reach: str) -> Iterator[None]:
    """See `reach`, in the words that the server is told, within the block, and what was seen before afterwards."""
    token = _reach.set(reach)
    try:
        yield
    finally:
        _reach.reset(token)


def open_by_default() -> None:
    """Let this process see all rows where nothing else is said: for one that runs a command, and serves nobody."""
    global _by_default  # noqa: PLW0603  what holds for a whole process
    _by_default = ALL
