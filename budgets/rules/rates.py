"""What people cost: people x sprints x days in a sprint x the day rate that holds in each month. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import quantize, split

ONE, ZERO = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Exchange:
    """How many units of one currency a unit of another is, and who says so since when. `rate` 1: it is the same currency."""

    rate: Decimal = ONE
    said_by: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What a day of a person costs in a month: `day_rate` in `currency`, said by `source`, exchanged into the budget's."""

    day_rate: Decimal
    currency: str
    source: str = ""
    exchange: Exchange = Exchange()

    @property
    def in_budget(self) -> Decimal:
        """Return the day rate in the budget's currency, not rounded."""
        return self.day_rate * self.exchange.rate

    def facts(self) -> dict[str, str]:
        """Return what it says, for the record of how a line's amount came about."""
        said = {"day_rate": f"{self.day_rate:.2f}", "currency": self.currency}
        if self.source:
            said["source"] = self.source
        if self.exchange.said_by:
            said |= {"exchange": f"{self.exchange.rate.normalize():f}", "exchange_source": self.exchange.said_by}
        return said


@dataclass(frozen=True, slots=True)
class Staffing:
    """People on a plan. `fte` may be a part of a person."""

    fte: Decimal
    sprints: Decimal
    days_per_sprint: Decimal

    @property
    def person_days(self) -> Decimal:
        return self.fte * self.sprints * self.days_per_sprint


def priced(
    person_days: Decimal, shares: Mapping[date, Decimal], price_in: Callable[[date], Price], *, currency: str
) -> tuple[dict[date, Decimal], dict[date, Price]]:
    """Return what person days cost in each month, in `currency`, and at which price.

    A month takes the part of the days that its share is of all shares, at the price that holds in it. The whole is rounded once,
    half up to the cent, and its months add up to it, by largest remainder. A month without a share needs no price.
    Raises what `price_in` raises.
    """
    prices = {month: price_in(month) for month, share in shares.items() if share}
    weights = [share * prices[month].in_budget if share else ZERO for month, share in shares.items()]
    whole = sum(shares.values(), ZERO)
    total = quantize(person_days * sum(weights, ZERO) / whole, currency) if whole else ZERO
    parts = split(total, weights, currency=currency) if any(weights) else [ZERO] * len(weights)
    return dict(zip(shares, parts, strict=True)), prices


def spans(prices: Mapping[date, Price]) -> list[dict[str, Any]]:
    """Return the prices month after month, told once for as long as they stay: each with the month from which it holds."""
    found: list[dict[str, Any]] = []
    last: dict[str, str] = {}
    for month, price in sorted(prices.items()):
        facts = price.facts()
        if facts != last:
            found.append({"from": f"{month:%Y-%m}", **facts})
        last = facts
    return found
