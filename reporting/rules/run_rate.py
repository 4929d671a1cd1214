"""What a month comes to if spending goes on as of late. Amounts are decimals in one currency."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from budgets.rules.months import add_months, first_of
from core.money import CENT


@dataclass(frozen=True, slots=True)
class RunRate:
    """The outlook of a running month: spent so far, by day since `since`, and the days that are left, today included."""

    since: date
    spent: Decimal
    per_day: Decimal
    days: int
    days_left: int

    @property
    def month_end(self) -> Decimal:
        """What the month comes to, rounded half up to the cent only here."""
        return (self.spent + self.per_day * self.days_left).quantize(CENT)


def run_rate(*, today: date, first_spend: date | None, spent_last_month: Decimal, spent_this_month: Decimal) -> RunRate | None:
    """Return the outlook of the month that holds `today`, which is not over and counts among the days left.

    The rate is what was spent in the last month and in this one, over the days from the first of those spends up to yesterday: a
    month that is some days old says little by itself. None where nothing was spent before today. Formula: spent + spent of both /
    days x days left.
    """
    month = first_of(today)
    if first_spend is None or not add_months(month, -1) <= first_spend < today:
        return None
    days = (today - first_spend).days
    left = (add_months(month, 1) - today) // timedelta(days=1)
    return RunRate(first_spend, spent_this_month, (spent_last_month + spent_this_month) / days, days, left)
