"""The clocks on what is owed for emergencies: a reminder, the deadline, and the day after. Rows, fired like those of stages."""

import logging
from datetime import datetime

from django.db import transaction

from approvals.events import DebtBreached, DebtEscalated, DebtWarned
from approvals.locks import claim_due_debt_timers
from approvals.models import DebtTimer
from approvals.services.emergencies import moment
from core import clock
from core.database.constraints import look_now
from core.rules.retrying import wait_after
from core.services import audit
from core.services.outbox import publish

logger = logging.getLogger(__name__)
BATCH = 100


def fire_debts() -> int:
    """Fire every clock that is due on a debt that is still owed; return how many. Safe to run anywhere, any time."""
    fired = 0
    while True:
        claimed, effects = _fire_batch()
        fired += effects
        if not claimed:
            return fired


@transaction.atomic
def _fire_batch() -> tuple[int, int]:
    now = clock.now()
    timers = claim_due_debt_timers(now=now, limit=BATCH)
    return len(timers), sum(_fire_safely(timer, now) for timer in timers)


def _fire_safely(timer: DebtTimer, now: datetime) -> bool:
    try:
        with transaction.atomic():
            _fire(timer, now)
            look_now()
    except Exception as error:  # one timer may fail in any way; it is pushed forward and holds up no other
        logger.exception("Timer %s of a debt failed.", timer.pk, exc_info=error)
        wait = wait_after(timer.attempts + 4)
        DebtTimer.objects.filter(pk=timer.pk).update(attempts=timer.attempts + 1, not_before=now + wait)
        return False
    return True


def _fire(timer: DebtTimer, now: datetime) -> None:
    debt, at = timer.debt, moment(timer.due_at)
    timer.fired_at = now
    timer.save(update_fields=["fired_at"])
    if timer.kind == DebtTimer.Kind.WARN:
        publish(DebtWarned(debt_id=debt.pk, at=at))
        return
    name = "breached" if timer.kind == DebtTimer.Kind.BREACH else "escalated"
    setattr(debt, f"{name}_at", timer.due_at)
    debt.save(update_fields=[f"{name}_at"])
    entity = debt.emergency.request.entity
    audit.record(actor=None, verb=f"debt.{name}", subject=debt, entity=entity, after={"kind": debt.kind, "deadline": at})
    publish(DebtBreached(debt_id=debt.pk, at=at) if name == "breached" else DebtEscalated(debt_id=debt.pk, at=at))
