"""How a budget stands: how much of what it is allotted is held, in four words, by the steps of its own ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from core.money import quantize

Ladder = Sequence[Decimal]
# Per cent of what is allotted, where a budget states no others.
USUAL_LADDER = (Decimal(50), Decimal(75), Decimal(90), Decimal(100))
FEWEST_RUNGS, MOST_RUNGS, HIGHEST_RUNG = 3, 6, Decimal(1000)
# Which rung begins which word: the first only tells.
WARNING_FROM, CRITICAL_FROM = 1, 2
HUNDREDTH = Decimal("0.01")


class Health(StrEnum):
    """The status of a budget. `NONE` says that nothing is in force: no budget is not a budget of zero."""

    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"
    EXCEEDED = "exceeded"
    NONE = "none"


TONES = {
    Health.HEALTHY: "good",
    Health.WARNING: "watch",
    Health.CRITICAL: "bad",
    Health.EXCEEDED: "bad",
    Health.NONE: "hold",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder: per cent of what is allotted, what that comes to, to the cent, and which word it begins, if one."""

    at_pct: Decimal
    amount: Decimal
    begins: str = ""


def usual_ladder() -> list[Decimal]:
    """Return the ladder of a budget that states none."""
    return list(USUAL_LADDER)


def fault_of_ladder(ladder: Ladder) -> str:
    """Return what is wrong with a ladder, in a sentence; blank where nothing is."""
    if not FEWEST_RUNGS <= len(ladder) <= MOST_RUNGS:
        return f"a ladder has {FEWEST_RUNGS} to {MOST_RUNGS} rungs"
    if not ladder[0] > 0 or any(low >= high for low, high in pairwise(ladder)):
        return "a ladder goes up from above 0 %, each rung higher than the one before"
    if ladder[-1] > HIGHEST_RUNG or any(rung != round(rung, 2) for rung in ladder):
        return f"a rung is {HIGHEST_RUNG:,} % at most, to two decimals"
    return ""


def health_of(allotted: Decimal, held: Decimal, *, ladder: Ladder, in_force: bool = True) -> Health:
    """Return how a budget stands by what is held (reserved, committed, spent) of what is allotted, in one currency.

    Healthy below the second rung of its ladder, warning from the second, critical from the third, exceeded above all that is
    allotted, if only by a cent, whatever the ladder says. Compared unrounded. What is held of an allotment of zero, or of less,
    exceeds it.
    """
    if not in_force:
        return Health.NONE
    if held > allotted:
        return Health.EXCEEDED
    used = held * 100
    if used < allotted * ladder[WARNING_FROM] or allotted <= 0:
        return Health.HEALTHY
    return Health.WARNING if used < allotted * ladder[CRITICAL_FROM] else Health.CRITICAL


def rungs_of(allotted: Decimal, ladder: Ladder, *, currency: str) -> list[Rung]:
    """Return the steps of a ladder with what each comes to of what is allotted, in its currency."""
    begins = {WARNING_FROM: Health.WARNING.value, CRITICAL_FROM: Health.CRITICAL.value}
    amounts = [quantize(max(allotted, Decimal(0)) * rung / 100, currency) for rung in ladder]
    return [Rung(rung, amounts[at], begins.get(at, "")) for at, rung in enumerate(ladder)]


def plain(rung: Decimal) -> str:
    """Write a rung as people do: 75, or 87.5."""
    return f"{rung.normalize():f}"


def utilization(allotted: Decimal, held: Decimal) -> Decimal | None:
    """Return what is held in per cent of what is allotted, to two decimals; None where nothing is allotted."""
    return (held * 100 / allotted).quantize(HUNDREDTH) if allotted > 0 else None
