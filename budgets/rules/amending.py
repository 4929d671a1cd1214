"""Amending a plan from a month on. Pure; amounts in the budget's currency, months by their first day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from budgets.rules.months import months_between
from core.money import split

ZERO = Decimal(0)


def planned_since(months: Mapping[date, Decimal], since: date) -> Decimal:
    """Return what a line plans in the months from `since` on."""
    return sum((amount for month, amount in months.items() if month >= since), ZERO)


def with_amount_since(
    months: Mapping[date, Decimal], amount: Decimal, *, since: date, last: date, currency: str
) -> dict[date, Decimal]:
    """Return a line's months with `amount` from `since` on, shaped as they were there, or evenly to `last` where nothing was.

    What lies before stays. The months add up, to the cent.
    """
    before = {month: was for month, was in months.items() if month < since}
    after = {month: was for month, was in sorted(months.items()) if month >= since and was}
    if not after:
        after = dict.fromkeys(months_between(since, last), Decimal(1))
    return before | dict(zip(after, split(amount, list(after.values()), currency=currency), strict=True))


def with_months(months: Mapping[date, Decimal], stated: Mapping[date, Decimal]) -> dict[date, Decimal]:
    """Return a line's months with the stated ones in place of their own. A month that had none and is given none stays out."""
    new = {month: amount for month, amount in stated.items() if amount or month in months}
    return dict(sorted({**months, **new}.items()))
