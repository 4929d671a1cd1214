"""How much of a commitment an invoice uses up, and how a payment spreads over accounts. All amounts in one currency."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def to_liquidate(*, amount: Decimal, remaining: Decimal, liquidated: Decimal) -> Decimal:
    """Return how much of a commitment goes when `amount` is matched to it: never more than what remains of it.

    A credit (negative amount) gives back, at most what was liquidated before.
    """
    if amount >= 0:
        return min(amount, max(remaining, Decimal(0)))
    return -min(-amount, max(liquidated, Decimal(0)))


def paid_so_far(*, funds: Decimal, gross: Decimal, allocated: Decimal) -> Decimal:
    """Return what *paid* should be on the accounts once `allocated` of `gross` is settled.

    Accounts bear `funds` (gross less the VAT that comes back), so a settled invoice has paid = spent, to the cent.
    """
    return (funds * allocated / gross).quantize(CENT, rounding=ROUND_HALF_UP)


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide `total` in proportion to signed `weights`, adding up to the cent: largest remainder, ties to the larger weight.

    Unlike `core.money.split` a weight may be negative (a discount line). Weights that add up to nothing take all on the largest.
    """
    whole = sum(weights, Decimal(0))
    if whole == 0:
        largest = max(range(len(weights)), key=lambda i: abs(weights[i]))
        return [total if i == largest else Decimal("0.00") for i in range(len(weights))]
    exact = [total * weight / whole for weight in weights]
    parts = [part.quantize(CENT, rounding="ROUND_DOWN") for part in exact]
    left = int((total - sum(parts, Decimal(0))) / CENT)
    step = CENT if left > 0 else -CENT
    order = sorted(range(len(parts)), key=lambda i: (-(exact[i] - parts[i]) * (1 if left > 0 else -1), -abs(weights[i]), i))
    for turn in range(abs(left)):
        parts[order[turn % len(order)]] += step
    return parts
