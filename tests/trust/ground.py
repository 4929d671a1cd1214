"""The budget that measures post to, in numbers that can be handed to another process."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from budgets.models import Entry
from budgets.rules.months import months_between
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory

HELD = ("reserved", "committed", "spent")


@dataclass(frozen=True)
class Ground:
    """An entity and the accounts of its budget of 2026, in USD."""

    entity_id: int
    accounts: tuple[int, ...]


def lay(*, centres: int, categories: int, monthly: Decimal, window: str = "year", stops_on_centres: bool = False) -> Ground:
    """Make a budget of `centres` by `categories` lines, each allotted `monthly` in each month of 2026.

    Each line, each category and the whole is a stop over `window`, and each cost centre where it is asked for.
    """
    entity = EntityFactory.create()
    open_year(entity)
    root = CostCentreFactory.create(entity=entity)
    budget = BudgetFactory.create(entity=entity, cost_centre=root, window=window, line_mode="stop", group_mode="stop")
    nodes = CostCentreFactory.create_batch(centres, entity=entity, parent=root)
    kinds = CategoryFactory.create_batch(categories, entity=entity)
    accounts = [ensure_account(budget=budget, cost_centre=node, category=kind).pk for node in nodes for kind in kinds]
    set_controls(budget=budget, categories=kinds, cost_centres=nodes if stops_on_centres else ())
    postings = [
        Posting(account, month, "allotted", monthly) for account in accounts for month in months_between(JANUARY, DECEMBER)
    ]
    post(key=f"ground-{entity.pk}", kind="allot", entity=entity, postings=postings, actor=None, source=("test", "ground"))
    return Ground(entity.pk, tuple(accounts))


def reserve(
    ground: Ground, account: int, amount: Decimal, *, key: str, month: date = JANUARY, is_fact: bool = False
) -> tuple[int, bool]:
    """Hold an amount on one line. Returns the journal's number and whether the same key had posted it before."""
    from core.models import Entity

    posted = post(
        key=key,
        kind="reserve",
        entity=Entity(pk=ground.entity_id),
        postings=[Posting(account, month, "reserved", amount, key)],
        actor=None,
        source=("test", key),
        is_fact=is_fact,
    )
    return posted.id, posted.repeat


def left_on(account: int) -> Decimal:
    """Return what the entries leave on a line over all months. Stored balances and counters are not asked."""
    rows = Entry.objects.filter(account_id=account).values_list("bucket", "amount")
    return sum(
        (amount if bucket == "allotted" else -amount for bucket, amount in rows if bucket in ("allotted", *HELD)), Decimal(0)
    )


def faults_of_ledger() -> dict[str, int]:
    """Return how much of the ledger is not as its entries say it must be. Both are 0 where it is whole."""
    connection.close()
    found = check_ledger()
    return {"drift": len(found.drift), "chain_breaks": len(found.breaks)}
