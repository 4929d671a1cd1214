"""What people cost: people x sprints x days in a sprint x day rate."""

from dataclasses import dataclass
from decimal import Decimal

from core.money import quantize


@dataclass(frozen=True, slots=True)
class RateCard:
    """A line of staff. `fte` may be a part of a person; `day_rate` is in the budget's currency."""

    fte: Decimal
    sprints: Decimal
    days_per_sprint: Decimal
    day_rate: Decimal

    @property
    def person_days(self) -> Decimal:
        return self.fte * self.sprints * self.days_per_sprint

    def cost(self, currency: str) -> Decimal:
        """Return the line's cost, rounded half up to the currency's minor unit, once, at the end."""
        return quantize(self.person_days * self.day_rate, currency)
