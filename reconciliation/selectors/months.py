"""Which months take postings."""

from collections.abc import Collection, Sequence
from datetime import date

from budgets.models import Period
from core.models import Entity


def first_open(entity: Entity, months: Sequence[date | None]) -> date | None:
    """Return the first of `months` (any day in each) that is open for posting, or None."""
    wanted = [month.replace(day=1) for month in months if month]
    is_open = set(Period.objects.filter(entity=entity, month__in=wanted, state=Period.State.OPEN).values_list("month", flat=True))
    return next((month for month in wanted if month in is_open), None)


def all_open(entity: Entity, months: Collection[date]) -> bool:
    """Say whether every one of `months` (the first day of each) takes postings."""
    is_open = Period.objects.filter(entity=entity, month__in=list(months), state=Period.State.OPEN)
    return is_open.count() == len(set(months))


def open_from(entity: Entity, month: date) -> date | None:
    """Return the earliest open month that is not before `month`, or None."""
    later = Period.objects.filter(entity=entity, month__gte=month.replace(day=1), state=Period.State.OPEN)
    return later.order_by("month").values_list("month", flat=True).first()


def open_months(entity: Entity) -> list[date]:
    """Return the months that take postings, in order."""
    rows = Period.objects.filter(entity=entity, state=Period.State.OPEN)
    return list(rows.order_by("month").values_list("month", flat=True))
