"""Carrying forward what is left, and rolling allotments over. All amounts in the account's currency."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from core.money import quantize


def carried(left: Mapping[date, Decimal], open_months: Iterable[date], into: date) -> dict[date, Decimal]:
    """Return what each month's allotment changes by when what is `left` in its months goes `into` a later one.

    Overspend is carried too: it is a negative amount. What is left in a month that is closed leaves the last of `open_months`,
    those of the window that are open and at least one, so that closed figures stay as they were. The changes add up to zero;
    there are none where nothing is left.
    """
    changes = dict.fromkeys(sorted(open_months), Decimal(0))
    last = max(changes)
    for month, amount in left.items():
        changes[month if month in changes else last] -= amount
    changes[into] = sum(left.values(), Decimal(0))
    return {month: amount for month, amount in changes.items() if amount}


def rolled_over(allotted: Decimal, *, raised_by: Decimal, currency: str) -> Decimal:
    """Return the next period's allotment: this one's, raised by a share (0.10 for 10 %), to the currency's minor unit."""
    return quantize(allotted * (1 + raised_by), currency)
