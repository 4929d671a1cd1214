"""Exchange rates as they were stated, which of them holds on a day, and which currency has none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from budgets.models import Budget, BudgetVersion, ExchangeRate
from budgets.selectors.controls import readable_entities
from core.errors import NotFound
from core.models import Entity, User


@dataclass(frozen=True)
class Unrated:
    """A currency in which budgets are kept and for which no rate is valid yet."""

    currency: str
    budgets: tuple[str, ...]


def rates_of(entity: Entity, currency: str = "") -> QuerySet[ExchangeRate]:
    """Return an organization's rates by currency, the newest first; those of one `currency` where it is named."""
    rates = ExchangeRate.objects.filter(entity=entity).select_related("stated_by")
    return rates.filter(currency=currency) if currency else rates


def currencies_of(entity: Entity) -> list[str]:
    """Return the currencies for which a rate was ever stated."""
    return list(ExchangeRate.objects.filter(entity=entity).order_by("currency").values_list("currency", flat=True).distinct())


def holding(entity: Entity, on: date) -> set[int]:
    """Return the ids of the rates that hold on a day, one for each currency."""
    valid = ExchangeRate.objects.filter(entity=entity, valid_on__lte=on)
    return set(valid.order_by("currency", "-valid_on", "-id").distinct("currency").values_list("pk", flat=True))


def has_rate(entity: Entity, currency: str, on: date) -> bool:
    """Say whether amounts in a currency count in an organization's books on a day."""
    return currency == entity.currency or ExchangeRate.objects.filter(entity=entity, currency=currency, valid_on__lte=on).exists()


def unrated(entity: Entity, on: date) -> list[Unrated]:
    """Return the currencies of budgets in force, other than the organization's, that have no rate on a day."""
    rated = ExchangeRate.objects.filter(entity=entity, valid_on__lte=on).values("currency")
    budgets = Budget.objects.filter(entity=entity, versions__state=BudgetVersion.State.IN_FORCE)
    without = budgets.exclude(currency=entity.currency).exclude(currency__in=rated).order_by("currency", "code")
    return _grouped(without.values_list("currency", "name"))


def _grouped(rows: Iterable[tuple[str, str]]) -> list[Unrated]:
    names: dict[str, list[str]] = {}
    for currency, name in rows:
        names.setdefault(currency, []).append(name)
    return [Unrated(currency, tuple(found)) for currency, found in names.items()]


def rates_in_reach(user: User) -> QuerySet[ExchangeRate]:
    """Return the rates of the organizations in which the person reads figures."""
    return ExchangeRate.objects.filter(entity__in=readable_entities(user)).select_related("entity", "stated_by")


def access_rate_by_id(user: User, rate_id: int) -> ExchangeRate:
    """Return the rate if the person reads figures of its organization. Raises NotFound."""
    rate = rates_in_reach(user).filter(pk=rate_id).first()
    if rate is None:
        raise NotFound("There is no such rate, or none that you may see.", remedy="Start from the list of rates.")
    return rate
