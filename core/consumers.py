"""Who holds the money that a refusal misses, for its page: the room that keeps amounts names them here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser

from core.errors import NoFunds, Refusal
from core.models import User


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who holds how much, in the refusal's currency; `url` is where it is read, blank where one does not read it."""

    name: str
    amount: Decimal
    url: str = ""


Reader = Callable[[NoFunds, User], Sequence[Consumer]]
_readers: list[Reader] = []


def consumers_read_by(reader: Reader) -> None:
    """Let `reader` say who holds the money, to a person, the largest first."""
    if reader not in _readers:
        _readers.append(reader)


def consumers_of(refusal: Refusal, user: User | AnonymousUser) -> list[Consumer]:
    """Return who holds the money that was not there; nobody where the refusal is about something else."""
    if not isinstance(refusal, NoFunds) or not isinstance(user, User):
        return []
    return [consumer for reader in _readers for consumer in reader(refusal, user)]
