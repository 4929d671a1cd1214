"""Spreading an amount over months so that the months add up to it, to the cent."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from budgets.rules.months import add_months, months_between
from core.errors import InvalidInput
from core.money import split
from core.rules.worktime import Calendar


def even(total: Decimal, first: date, last: date, *, currency: str) -> dict[date, Decimal]:
    """Spread `total` evenly over the months from `first` to `last`, both included. Negative and small totals add up as well.

    Raises InvalidInput where `last` is before `first`.
    """
    months = months_between(first, last)
    return weighted(total, months, [1] * len(months), currency=currency)


def working_days(calendar: Calendar, month: date) -> int:
    """Return how many working days a month has."""
    count = (add_months(month, 1) - month).days
    return sum(calendar.works_on(month + timedelta(days=index)) for index in range(count))


def weighted(total: Decimal, months: Sequence[date], shares: Sequence[Decimal | int], *, currency: str) -> dict[date, Decimal]:
    """Spread `total` over `months` in proportion to `shares`, by largest remainder."""
    if not months:
        raise InvalidInput("The last month is before the first.", remedy="State a span of at least one month.")
    return dict(zip(months, split(total, shares, currency=currency), strict=True))
