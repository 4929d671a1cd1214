"""What can go wrong by design. Each error has a code for machines and a sentence that names the remedy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_made: ContextVar[set[str] | None] = ContextVar("refusals_made", default=None)


@contextmanager
def noting_refusals() -> Iterator[set[str]]:
    """Give the codes of the refusals that are made inside the block, whoever catches them: for counting."""
    codes: set[str] = set()
    token = _made.set(codes)
    try:
        yield codes
    finally:
        _made.reset(token)


class Refusal(Exception):
    """A request that Purser understood and refuses. Nothing was changed."""

    code = "refused"
    status = 400

    def __init__(self, message: str, *, remedy: str = "", code: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.code
        self.details = dict(details or {})
        if (made := _made.get()) is not None:
            made.add(self.code)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidInput(Refusal):
    """The input does not say something that can be done. `details` maps field names to sentences."""

    code = "invalid_input"


class WrongState(Refusal):
    """The thing is not in a state in which this can be done."""

    code = "wrong_state"
    status = 409


class Stale(WrongState):
    """The thing changed after the person last saw it."""

    code = "stale"


class NotAllowed(Refusal):
    """The person has no right to do this."""

    code = "not_allowed"
    status = 403


class NoFunds(Refusal):
    """The budget does not hold enough. `details` has node, window, limit, held, wanted, left."""

    code = "no_funds"
    status = 409


class ClosedPeriod(Refusal):
    """The posting month is closed, or was never opened."""

    code = "closed_period"
    status = 409


class Missing(Refusal):
    """Something that the work needs is not there: a budget, a rate, a category, an owner for a stage."""

    code = "missing"


class NotFound(Refusal):
    """There is no such thing, or none that this person may see."""

    code = "not_found"
    status = 404


class Gone(Refusal):
    """What was here was removed at the end of its retention period. `details` has its hash."""

    code = "removed"
    status = 410


class KeyReused(Refusal):
    """The idempotency key stands for another call."""

    code = "idempotency_key_reused"
    status = 422


class KeyUnderWay(Refusal):
    """A call with this idempotency key is being carried out."""

    code = "idempotency_key_under_way"
    status = 409
    retry_after = 1
