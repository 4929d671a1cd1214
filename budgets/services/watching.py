"""The clocks on statements and disputes: who is silent is reminded, and what is overdue is told to all who keep the books."""

from django.db import transaction

from budgets.events import DisputeEscalated, DisputeReminded, StatementReminded
from budgets.locks import claim_disputes_to_watch, claim_statements_to_remind_of
from budgets.models import ChargebackDispute
from core import clock
from core.services import audit
from core.services.outbox import publish

BATCH = 100


def watch_chargebacks() -> int:
    """Remind of what is due; return how many were told. Safe to run anywhere, any time."""
    told = 0
    while some := _remind_of_statements() + _watch_disputes():
        told += some
    return told


@transaction.atomic
def _remind_of_statements() -> int:
    now = clock.now()
    statements = claim_statements_to_remind_of(now=now, limit=BATCH)
    for statement in statements:
        statement.reminded_at = now
        statement.save(update_fields=["reminded_at"])
        publish(StatementReminded(statement_id=statement.pk, at=now.isoformat()))
    return len(statements)


@transaction.atomic
def _watch_disputes() -> int:
    now = clock.now()
    disputes = claim_disputes_to_watch(now=now, limit=BATCH)
    for dispute in disputes:
        if dispute.reminded_at is None and dispute.remind_at <= now:
            dispute.reminded_at = now
            publish(DisputeReminded(dispute_id=dispute.pk, at=now.isoformat()))
        if dispute.escalated_at is None and dispute.due_at <= now:
            _escalate(dispute)
        dispute.save(update_fields=["reminded_at", "escalated_at"])
    return len(disputes)


def _escalate(dispute: ChargebackDispute) -> None:
    """The deadline, not the look, is the moment."""
    dispute.escalated_at = dispute.due_at
    at = dispute.due_at.isoformat()
    entity = dispute.statement.run.entity
    audit.record(actor=None, verb="dispute.escalated", subject=dispute, entity=entity, after={"deadline": at})
    publish(DisputeEscalated(dispute_id=dispute.pk, at=at))
