"""How much of a budget was achieved: actual in per cent of budget, for what is earned and for what is spent alike."""

from decimal import ROUND_HALF_UP, Decimal

HUNDREDTH = Decimal("0.01")


def achieved(budget: Decimal, actual: Decimal) -> Decimal | None:
    """Return `actual` in per cent of `budget`, to two decimals, half up; None for a budget of zero.

    Both amounts are in one currency. Signs are taken as they stand: of an expense of −50, −60 booked is 120 %.
    """
    return (actual * 100 / budget).quantize(HUNDREDTH, rounding=ROUND_HALF_UP) if budget else None
