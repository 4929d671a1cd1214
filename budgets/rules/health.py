"""How a budget stands: how much of what it is allotted is held, in four words."""

from decimal import Decimal
from enum import StrEnum

# Per cent of what is allotted.
HEALTHY_BELOW = Decimal(75)
WARNING_BELOW = Decimal(90)
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


def health_of(allotted: Decimal, held: Decimal, *, in_force: bool = True) -> Health:
    """Return how a budget stands by what is held (reserved, committed, spent) of what is allotted, in one currency.

    Healthy below 75 %, warning from 75 %, critical from 90 % to 100 %, exceeded above, if only by a cent: the steps of the alert
    ladder. Compared unrounded. What is held of an allotment of zero, or of less, exceeds it.
    """
    if not in_force:
        return Health.NONE
    if held > allotted:
        return Health.EXCEEDED
    used = held * 100
    if used < allotted * HEALTHY_BELOW or allotted <= 0:
        return Health.HEALTHY
    return Health.WARNING if used < allotted * WARNING_BELOW else Health.CRITICAL


def utilization(allotted: Decimal, held: Decimal) -> Decimal | None:
    """Return what is held in per cent of what is allotted, to two decimals; None where nothing is allotted."""
    return (held * 100 / allotted).quantize(HUNDREDTH) if allotted > 0 else None
