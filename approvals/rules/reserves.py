"""What a reserve should hold, what a month did to it, and what of a draw is used. Pure; amounts in the reserve's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
MOST_REPORT_DAYS = 90


class Basis(StrEnum):
    """What the target of a reserve is a share of; `fixed` is an amount."""

    BUDGET = "budget"
    SAVINGS = "savings"
    GROWTH = "growth"
    FIXED = "fixed"


PROJECTED = frozenset({Basis.SAVINGS, Basis.GROWTH})


class Kind(StrEnum):
    """What a change of a reserve's allotment was."""

    ADDED = "added"
    DRAWN = "drawn"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class Grown:
    """A part of a projection: a month now, at the horizon before and after it is lowered."""

    base: Decimal
    grown: Decimal
    projected: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what a reserve is allotted, in the month it is booked in: less than zero where it was lowered or drawn."""

    month: date
    kind: Kind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Stand:
    """What a month did to a reserve. `added` may be less than zero, where it was lowered; `drawn` and `given_back` never are."""

    start: Decimal = ZERO
    added: Decimal = ZERO
    drawn: Decimal = ZERO
    given_back: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What it holds at the month's end: left = start + added - drawn + given back."""
        return self.start + self.added - self.drawn + self.given_back


def target_of(share_pct: Decimal, base: Decimal) -> Decimal:
    """Return what a reserve should hold: target = base x share / 100, half up to the cent. Of less than nothing it is nothing."""
    return (max(base, ZERO) * share_pct / HUNDRED).quantize(CENT, rounding=ROUND_HALF_UP)


def projected_savings(parts: Iterable[Grown]) -> Decimal:
    """Return what a projection saves in a month at its horizon: the sum of grown - projected over its parts."""
    return sum((part.grown - part.projected for part in parts), ZERO)


def projected_growth(parts: Iterable[Grown]) -> Decimal:
    """Return by how much a projection grows in a month at its horizon, before it is lowered: the sum of grown - base."""
    return sum((part.grown - part.base for part in parts), ZERO)


def stand_of(changes: Iterable[Change], month: date) -> Stand:
    """Return what a month did to a reserve. It starts with all that the months before it left."""
    sums = dict.fromkeys(Kind, ZERO)
    start = ZERO
    for change in changes:
        if change.month < month:
            start += change.amount
        elif change.month == month:
            sums[change.kind] += change.amount
    return Stand(start, sums[Kind.ADDED], -sums[Kind.DRAWN], sums[Kind.GIVEN_BACK])


def left_for(available: Iterable[tuple[date, Decimal]], month: date) -> Decimal:
    """Return what may be drawn in a month: the least that is left at its end or at that of any later month.

    `available` is what each month by itself has left. So what a later month has drawn already is not drawn twice.
    """
    total, least = ZERO, None
    for at, amount in sorted(available):
        if at > month:
            least = total if least is None else min(least, total)
        total += amount
    return total if least is None else min(least, total)


def used_of(drawn: Decimal, allotted: Decimal, held: Decimal) -> Decimal:
    """Return how much of what was drawn is used, where a line uses its own budget first.

    used = held - (allotted - drawn), not below zero and not above what was drawn. `allotted` includes what was drawn; `held` is
    what the line has reserved, committed and spent.
    """
    return min(max(held - (allotted - drawn), ZERO), drawn)
