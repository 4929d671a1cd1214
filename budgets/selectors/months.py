"""Which months take postings."""

from collections.abc import Iterable
from datetime import date

from budgets.models import Period
from core.models import Entity


def open_among(entity: Entity, months: Iterable[date]) -> set[date]:
    """Return those of `months` (first days) that are open."""
    rows = Period.objects.filter(entity=entity, month__in=set(months), state=Period.State.OPEN)
    return set(rows.values_list("month", flat=True))
