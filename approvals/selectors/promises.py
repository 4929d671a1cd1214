"""What is promised to requesters, and how promises were kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, F, Q

from approvals.models import Round, StagePace
from approvals.rules.promises import Pace, Promise, Step, promise_of
from core.models import Entity


@dataclass(frozen=True, slots=True)
class Kept:
    """Of how many rounds that were decided the requester had been promised a moment, and how many were decided by then."""

    promised: int
    kept: int


def paces_of(entity: Entity, names: Collection[str]) -> dict[str, Pace]:
    """Return how long decisions of stages took lately, by the stages' names."""
    rows = StagePace.objects.filter(entity=entity, name__in=names)
    return {row.name: Pace(row.decisions, row.nearly_all) for row in rows}


def promised(entity: Entity, steps: Sequence[Step], *, begun: datetime) -> Promise | None:
    """Return by when a chain of stages is through, if it goes as past decisions did; None where nobody is asked."""
    return promise_of(steps, paces_of(entity, {step.name for step in steps}), begun=begun) if steps else None


def kept_of(entity: Entity, *, since: datetime, until: datetime) -> Kept:
    """Return how the promises of the rounds that were approved or rejected in a span were kept."""
    decided = Round.objects.filter(
        request__entity=entity,
        promised_at__isnull=False,
        outcome__in=(Round.Outcome.APPROVED, Round.Outcome.REJECTED),
        ended_at__gte=since,
        ended_at__lt=until,
    )
    return Kept(**decided.aggregate(promised=Count("pk"), kept=Count("pk", filter=Q(ended_at__lte=F("promised_at")))))


def shares_since(moment: datetime) -> list[tuple[int, str, int, float, float]]:
    """Return (entity's id, stage, decisions, usual share, share of nine in ten) of the decisions since a moment.

    The database adds up: what comes back is a row for each stage, however many decisions there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, [moment])
        return list(cursor.fetchall())


# A decision that stands from a round before, and one by the policy itself, took nobody any time.
_SHARES = """
SELECT t.entity_id, t.name, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY t.share),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY t.share)
FROM (
    SELECT r.entity_id, s.name,
           extract(epoch FROM d.decided_at - s.assigned_at)::float8
           / extract(epoch FROM s.due_at - s.assigned_at)::float8 AS share
    FROM approvals_decision d
    JOIN approvals_stage s ON s.id = d.stage_id
    JOIN approvals_request r ON r.id = s.request_id
    WHERE d.decided_at >= %s AND d.voided_at IS NULL AND d.stands_from_id IS NULL
      AND s.due_at > s.assigned_at AND d.decided_at >= s.assigned_at
) t
GROUP BY t.entity_id, t.name
"""
