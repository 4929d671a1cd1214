"""How far a window stands over its limit beyond what was answered for, and what of the answers falls away. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

ZERO, CENT = Decimal(0), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Answer:
    """An amount over a limit that somebody is asked about or answered for, at a line.

    `amount` is in the currency of the limit. `line_currency` is the line's; one unit of it is `rate` of the organization's.
    """

    id: int
    amount: Decimal
    currency: str
    line_currency: str
    rate: Decimal

    def on_line(self) -> Decimal:
        """Return the amount in the line's currency."""
        return self.amount if self.currency == self.line_currency else _cents(self.amount / self.rate)

    def at(self, currency: str) -> Decimal:
        """Return the amount as a limit in another currency counts it: the line's own, or the organization's."""
        if currency == self.currency:
            return self.amount
        return self.on_line() if currency == self.line_currency else _cents(self.on_line() * self.rate)


@dataclass(frozen=True, slots=True)
class Over:
    """A window of a stop that stands over its limit: by how much, in the limit's currency."""

    control_id: int
    name: str
    currency: str
    first: date
    last: date
    excess: Decimal


def unanswered(over: Over, answers: Iterable[Answer]) -> Decimal:
    """Return what nobody is asked about or answered for, up to the cent; nothing where more than the excess was."""
    return max(over.excess - sum((answer.at(over.currency) for answer in answers), ZERO), ZERO).quantize(CENT, ROUND_CEILING)


def lowered(excess: Decimal, answers: Sequence[Answer]) -> dict[int, Decimal]:
    """Return to what each answer at a window falls whose excess is less than they come to: the first of them falls first."""
    surplus = sum((answer.amount for answer in answers), ZERO) - excess.quantize(CENT, ROUND_CEILING)
    found: dict[int, Decimal] = {}
    for answer in answers:
        if surplus <= ZERO:
            break
        cut = min(surplus, answer.amount)
        found[answer.id] = answer.amount - cut
        surplus -= cut
    return found


def span(first: date, last: date) -> str:
    """Name a window's months, or say that it has no end."""
    if first.year == 1:
        return "its whole life"
    return f"{first:%B %Y}" if first == last else f"{first:%B %Y} to {last:%B %Y}"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
