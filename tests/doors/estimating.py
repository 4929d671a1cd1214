"""What a part's budget states behind the doors: a band of its cost centre."""

from decimal import Decimal

from budgets.models import Budget, EstimateBand
from budgets.rules.bands import Band
from budgets.selectors.band_statements import BandData, PartData
from budgets.services.bands import state_band
from tests.doors.house import House
from tests.factories.budgets import JANUARY


def estimate(house: House, budget: Budget, name: str, category: str) -> EstimateBand:
    """State a band of the budget's own cost centre."""
    part = PartData(house.categories[category], Decimal(10), Decimal(20), f"{name} part")
    data = BandData(JANUARY, (part,), heading=Band(Decimal(11), Decimal(20)), note=f"{name} estimate.")
    return state_band(budget=budget, cost_centre=budget.cost_centre, data=data, actor=house.finance)
