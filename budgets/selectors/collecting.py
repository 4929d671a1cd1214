"""What a month's pools collect: spend by account, with the journals that it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import QuerySet, Sum

from budgets.models import Category, CostCentre, Entry
from budgets.rules.rule_sets import PoolPart
from budgets.rules.words import CHARGEBACK_SOURCE
from budgets.selectors.spent import spend_under
from budgets.services.controls import Node
from core.models import Entity


@dataclass(frozen=True, slots=True)
class Collected:
    """What a pool collected from one account."""

    pool: str
    account_id: int
    amount: Decimal
    journal_ids: list[int]


def collect(entity: Entity, month: date, pools: Sequence[PoolPart]) -> tuple[list[Collected], list[str]]:
    """Return what was spent in a month in what the pools name, and what is left out for being in another currency.

    What chargebacks moved does not count, or a month drawn up again would find its pools empty.
    """
    collected: list[Collected] = []
    left_out: list[str] = []
    for pool in pools:
        entries = _entries(entity, month, pool)
        rows = entries.filter(account__currency=entity.currency).values("account_id").order_by("account_id")
        collected += [
            Collected(pool.code, row["account_id"], row["total"], sorted(row["journals"]))
            for row in rows.annotate(total=Sum("amount"), journals=ArrayAgg("journal_id", distinct=True))
            if row["total"]
        ]
        others = entries.exclude(account__currency=entity.currency).order_by().values_list("account__currency")
        left_out += [
            f"{pool.name}: {total:,.2f} {currency} is left out; chargebacks are in {entity.currency}."
            for currency, total in others.annotate(total=Sum("amount"))
            if total
        ]
    return collected, left_out


def _entries(entity: Entity, month: date, pool: PoolPart) -> QuerySet[Entry]:
    centre = CostCentre.objects.get(entity=entity, code=pool.collects.cost_centre)
    named = pool.collects.category
    category = Category.objects.get(entity=entity, code=named) if named is not None else None
    entries = spend_under(entity, Node(cost_centre=centre, category=category), month)
    return entries.exclude(journal__source_type=CHARGEBACK_SOURCE)
