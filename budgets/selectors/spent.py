"""What was spent in a month, below a cost centre and a category."""

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from budgets.models import Entry
from budgets.selectors.controls import accounts_under
from budgets.services.controls import Node
from core.models import Entity


def spend_under(entity: Entity, node: Node, month: date) -> QuerySet[Entry]:
    """Return the entries of a month's spend on the accounts that lie under a node."""
    return Entry.objects.filter(account__in=accounts_under(entity, node), bucket="spent", month=month)


def spent_at(entity: Entity, currency: str, node: Node, month: date) -> Decimal:
    """Return what was spent in a month under a node, in accounts kept in `currency`."""
    entries = spend_under(entity, node, month).filter(account__currency=currency).order_by()
    return entries.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")
