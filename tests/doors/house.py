"""An organization behind the doors, as it is being furnished."""

from dataclasses import dataclass
from typing import Any

from budgets.models import (
    Category,
    CostCentre,
    ExchangeRate,
    Projection,
    Vendor,
)
from core.models import Entity, User


@dataclass
class House:
    """An organization as it is being furnished."""

    entity: Entity
    word: str
    root: CostCentre
    categories: dict[str, Category]
    vendor: Vendor
    finance: User
    rate: ExchangeRate
    projection: Projection


def words_of(house: House, name: str) -> dict[str, Any]:
    """Return what a request of a part says."""
    return {"title": f"{name} licences", "reason": f"{name} needs them.", "vendor_id": house.vendor.pk}
