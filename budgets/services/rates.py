"""Exchange rates: stated with their source and the day from which they hold. None is changed; the latest word holds."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.models import ExchangeRate
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.money import is_currency
from core.services import audit

FINEST = Decimal("0.0000000001")
LARGEST = Decimal(10) ** 9


@transaction.atomic
def state_rate(*, entity: Entity, currency: str, valid_on: date, rate: Decimal, source: str, actor: User | None) -> ExchangeRate:
    """State that from `valid_on` one unit of `currency` is `rate` units of the entity's currency, as `source` has it.

    What was posted before keeps the rate that it was posted at. Raises InvalidInput.
    """
    _check(entity, currency, rate, source)
    stated = ExchangeRate.objects.create(
        entity=entity,
        currency=currency,
        valid_on=valid_on,
        rate=rate,
        source=source.strip(),
        stated_at=clock.now(),
        stated_by=actor,
    )
    after = {"currency": currency, "valid_on": valid_on.isoformat(), "rate": str(rate), "source": stated.source}
    audit.record(actor=actor, verb="exchange_rate.stated", subject=stated, entity=entity, after=after)
    return stated


def _check(entity: Entity, currency: str, rate: Decimal, source: str) -> None:
    if not is_currency(currency):
        raise InvalidInput(f"“{currency[:10]}” is not a currency.", remedy="Use its three letters, such as EUR.", code="currency")
    if currency == entity.currency:
        raise InvalidInput(f"{entity.name} keeps its books in {currency}.", remedy="State a rate for another currency.")
    if not rate.is_finite() or not FINEST <= rate < LARGEST or rate != rate.quantize(FINEST):
        raise InvalidInput("A rate is a number above zero, with ten decimals at most.", remedy="State it as 1.0842.", code="rate")
    if not source.strip() or len(source.strip()) > 100 or "\x00" in source:
        raise InvalidInput("A rate needs its source, in up to 100 characters.", remedy="Name who says so.", code="source")
