"""Amounts in the currency in which an organization keeps its books, as limits of people are stated."""

from datetime import date
from decimal import Decimal

from budgets.models import ExchangeRate
from core.models import Entity


def in_books(amount: Decimal, currency: str, entity: Entity, *, on: date) -> Decimal:
    """Return an amount in the entity's currency, at the rate that holds on a day.

    Without a rate it is more than any limit: nobody vouches for an amount that nobody can weigh.
    """
    if currency == entity.currency or not amount:
        return amount
    rates = ExchangeRate.objects.filter(entity=entity, currency=currency, valid_on__lte=on)
    rate = rates.order_by("-valid_on", "-id").values_list("rate", flat=True).first()
    return amount * rate if rate is not None else Decimal("Infinity")
