"""Posting months: opened, closed, reopened. Nothing posts into a month that is closed or was never opened."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.locks import lock_period, lock_structure
from budgets.models import Balance, Period
from budgets.rules.months import months_between
from core import clock
from core.errors import WrongState
from core.models import Entity, User
from core.services import audit


@transaction.atomic
def open_periods(*, entity: Entity, first: date, last: date, actor: User | None) -> list[Period]:
    """Open the months from `first` to `last` (any days in them) that have no row yet; return those that were opened."""
    wanted = months_between(first, last)
    there = set(Period.objects.filter(entity=entity, month__in=wanted).values_list("month", flat=True))
    new = [Period(entity=entity, month=month) for month in wanted if month not in there]
    Period.objects.bulk_create(new, ignore_conflicts=True)
    if new:
        after = {"first": new[0].month.isoformat(), "last": new[-1].month.isoformat(), "months": len(new)}
        audit.record(actor=actor, verb="periods.opened", subject=entity, entity=entity, after=after)
    return list(Period.objects.filter(entity=entity, month__in=[period.month for period in new]).order_by("month"))


@transaction.atomic
def close_period(*, entity: Entity, month: date, actor: User | None) -> Period:
    """Close a month: no posting that is under way gets past it. Raises WrongState, NotFound."""
    lock_structure()
    period = lock_period(entity, month)
    if period.state == Period.State.CLOSED:
        raise WrongState(f"{month:%B %Y} is closed already.", remedy="Nothing is left to do.")
    _refuse_while_reserved(entity, month)
    period.state, period.closed_at, period.closed_by = Period.State.CLOSED, clock.now(), actor
    period.save(update_fields=["state", "closed_at", "closed_by"])
    audit.record(
        actor=actor, verb="period.closed", subject=period, entity=entity, before={"state": "open"}, after={"state": "closed"}
    )
    return period


def _refuse_while_reserved(entity: Entity, month: date) -> None:
    """A closed month lets nothing go any more: a request that holds money in it could be neither decided nor withdrawn."""
    rows = Balance.objects.filter(account__entity=entity, month=month).exclude(reserved=0)
    held = sorted(rows.values_list("account__name", "reserved"), key=lambda row: -row[1])
    if not held:
        return
    total = sum((amount for _, amount in held), Decimal(0))
    lines = ", ".join(name for name, _ in held[:3]) + (f" and {len(held) - 3} more" if len(held) > 3 else "")
    raise WrongState(
        f"{month:%B %Y} still has {total:,.2f} reserved on {lines}, for requests that wait for a decision.",
        remedy="Have them decided, sent back or withdrawn; then close the month.",
        code="reserved_in_month",
        details={"reserved": str(total), "lines": [name for name, _ in held]},
    )


@transaction.atomic
def reopen_period(*, entity: Entity, month: date, actor: User | None, reason: str = "") -> Period:
    """Open a closed month again; `reason` is kept in the audit trail. Raises WrongState, NotFound."""
    lock_structure()
    period = lock_period(entity, month)
    if period.state == Period.State.OPEN:
        raise WrongState(f"{month:%B %Y} is open.", remedy="Post into it.")
    period.state, period.closed_at, period.closed_by = Period.State.OPEN, None, None
    period.save(update_fields=["state", "closed_at", "closed_by"])
    after = {"state": "open", "reason": reason}
    audit.record(actor=actor, verb="period.reopened", subject=period, entity=entity, before={"state": "closed"}, after=after)
    return period
