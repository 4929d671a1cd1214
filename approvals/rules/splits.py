"""A purchase in parts: what one person asks for bit by bit within a window, held against the bands as one sum. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from approvals.rules.routing import TraceStep

IN_PARTS = "In parts"
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Part:
    """Another part of the same purchase: a request that waits or is approved."""

    number: str
    amount: Decimal


def step_of(amount: Decimal, parts: Sequence[Part], currency: str) -> TraceStep:
    """Say against which sum a request of `amount` is held, and what the sum is made of, the latest part first."""
    total = amount + sum_of(parts)
    named = [f"{part.number} {part.amount:,.2f}" for part in parts[:MOST_NAMED]]
    rest = parts[MOST_NAMED:]
    named += [f"{len(rest)} more {sum_of(rest):,.2f}"] if rest else []
    said = f"Held against {total:,.2f} {currency} = {' + '.join([f'this {amount:,.2f}', *named])}."
    return TraceStep(0, IN_PARTS, matched=True, chosen=False, reason=said)


def sum_of(parts: Sequence[Part]) -> Decimal:
    """Return what the other parts come to."""
    return sum((part.amount for part in parts), Decimal(0))
