"""Day rates on a card, and budget documents whose lines are planned with them."""

from datetime import date
from decimal import Decimal
from typing import Any

from budgets.models import DayRate
from budgets.rules.day_rates import DayRateData
from budgets.services.day_rates import state_day_rates
from core.models import Entity

DEVELOPER = "developer"


def rated(
    entity: Entity,
    rate: str | None,
    since: str = "2026-01",
    *,
    role: str = DEVELOPER,
    currency: str = "USD",
    source: str = "Band 4",
) -> list[DayRate]:
    """State what a day of a role costs from a month on; None takes it off the card."""
    amount = Decimal(rate) if rate is not None else None
    said = DayRateData(role, role.title(), date.fromisoformat(f"{since}-01"), amount, currency, source)
    return state_day_rates(entity=entity, rates=[said], actor=None)


def line(rate: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a line of staff over June to October, unless it says otherwise."""
    return {"name": "Developers", "cost_centre": "DEV", "starts_on": "2026-06", "ends_on": "2026-10", "rate": rate} | more


def staffed_document(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a budget of 2026, code STAFF, of the organization acme: 400,000.00 for staff, on these lines."""
    budget = {
        "code": "STAFF",
        "name": "Staff",
        "kind": "operating",
        "currency": "USD",
        "total": "400000",
        "cost_centre": "TOP",
        "starts_on": "2026-01",
        "months": 12,
        "envelopes": [{"category": "staff", "amount": "400000", "lines": list(lines)}],
    }
    return {
        "schema": "purser/budget/1",
        "entity": {"code": "acme"},
        "cost_centres": [{"code": "TOP", "name": "Top"}, {"code": "DEV", "name": "Development", "parent": "TOP"}],
        "categories": [{"code": "staff", "name": "Staff"}],
        "budget": budget | changes,
    }
