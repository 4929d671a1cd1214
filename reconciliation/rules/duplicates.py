"""When an invoice may be one that is already here. Same vendor is given; years do not matter; amounts alone rarely prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NEAR_DAYS = 10
SHORTEST_DIGITS = 3
ROUND = Decimal(50)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a vendor's invoice says of itself. `gross` in its currency."""

    key: str
    digits: str
    gross: Decimal
    issued_on: date
    currency: str
    number: str = ""
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Which paper it may be again, and why in a sentence."""

    ref: int
    why: str


def is_same(one: Paper, other: Paper) -> bool:
    """Say whether two papers are one document: number, date, amount and currency agree."""
    return (one.key, one.gross, one.issued_on, one.currency) == (other.key, other.gross, other.issued_on, other.currency)


def suspicion(paper: Paper, others: Sequence[Paper]) -> Suspicion | None:
    """Return the strongest reason to think that `paper` is one of `others`, all of one vendor, or None."""
    for other in others:
        if other.key == paper.key:
            return Suspicion(other.ref, f"Invoice {other.number} of this vendor is here already, with another date or amount.")
    alike = [other for other in others if other.gross == paper.gross and other.currency == paper.currency]
    for other in alike:
        if len(paper.digits) >= SHORTEST_DIGITS and other.digits == paper.digits:
            return Suspicion(other.ref, f"Invoice {other.number} has the same amount, and the same number written differently.")
    if len(alike) == 1 and _is_particular(paper.gross) and abs((alike[0].issued_on - paper.issued_on).days) <= NEAR_DAYS:
        return Suspicion(alike[0].ref, f"Invoice {alike[0].number} has the same amount and is at most {NEAR_DAYS} days away.")
    return None


def _is_particular(amount: Decimal) -> bool:
    """Round amounts recur by chance and by contract; they raise no suspicion alone."""
    return amount % ROUND != 0
