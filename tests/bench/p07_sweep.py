"""P7: clocks that ran out by the thousand, swept by four workers: how near does that come to doing the same writes in SQL alone?

The peer writes the same rows, batch by batch of the same size, by one statement with the same locks: the clock is fired, the
backup joins the stage, the stage has its moment, an audit record and an outbox event are there. Of what the product finds out
(who is the backup now, who is away, what the calendar says) it finds out nothing: it takes the backup that was named at the
beginning.
"""

import time
from dataclasses import dataclass
from statistics import median

from django.db import connection, transaction

from approvals.models import Timer
from approvals.services import timers
from config.runtime.logins import Login
from core import clock
from tests.measures.harness import Figure, Setting
from tests.measures.workers import at_once
from tests.trust import overdue
from tests.trust.r06_overdue import judged

ID = "P7"
NAME = "Overdue clocks swept by four workers"
WORKERS, PAIRS = 4, 5
READY = 10

SWEPT = """
WITH due AS (
    SELECT t.id, t.stage_id, t.due_at, s.backup_id, r.entity_id
    FROM approvals_timer t JOIN approvals_stage s ON s.id = t.stage_id JOIN approvals_request r ON r.id = s.request_id
    WHERE t.state = 'pending' AND t.due_at <= %(now)s AND (t.not_before IS NULL OR t.not_before <= %(now)s)
    ORDER BY t.due_at, t.id LIMIT %(limit)s FOR NO KEY UPDATE OF t, r SKIP LOCKED
), fired AS (
    UPDATE approvals_timer t SET state = 'fired', fired_at = %(now)s FROM due WHERE t.id = due.id
), joined AS (
    INSERT INTO approvals_stagemember (stage_id, person_id, capacity, added_at, reason)
    SELECT stage_id, backup_id, 'backup', due_at, '' FROM due ON CONFLICT DO NOTHING
), moved AS (
    UPDATE approvals_stage s SET backup_id = due.backup_id, escalated_at = due.due_at FROM due WHERE s.id = due.stage_id
), said AS (
    INSERT INTO core_auditrecord (at, verb, subject_type, subject_id, entity_id, correlation_id, after)
    SELECT %(now)s, 'stage.escalated', 'approvals.stage', stage_id::text, entity_id, '',
           jsonb_build_object('backup', backup_id, 'deadline', due_at)
    FROM due
), told AS (
    INSERT INTO core_outboxevent (topic, payload, recorded_at, due_at, attempts, last_error, correlation_id)
    SELECT 'approvals.stage_escalated', jsonb_build_object('stage_id', stage_id, 'at', due_at, 'backup_id', backup_id),
           %(now)s, %(now)s, 0, '', ''
    FROM due
)
SELECT count(*) FROM due
"""


@dataclass(frozen=True)
class Share:
    """How many clocks a worker sweeps, and by which side."""

    clocks: int
    by_sql: bool


def sweep(share: Share) -> tuple[float, int]:
    """Be a worker: sweep one's share, and return how long it took and how many they were. The first few only make it ready."""
    ready = _swept(share, READY)
    begun = time.perf_counter()
    done = _swept(share, share.clocks - ready)
    return time.perf_counter() - begun, done


def _swept(share: Share, clocks: int) -> int:
    return _by_sql(clocks) if share.by_sql else timers.fire_due(limit=clocks)


def _by_sql(clocks: int) -> int:
    done = 0
    while done < clocks:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SWEPT, {"now": clock.now(), "limit": min(timers.BATCH, clocks - done)})
            swept = cursor.fetchone()[0]
        if not swept:
            break
        done += swept
    return done


def run(setting: Setting) -> list[Figure]:
    count = setting.pick(small=8_000, full=100_000)
    share = count // (2 * PAIRS * WORKERS)
    with setting.database("p07") as login:
        overdue.lay(count)
        with setting.owner(login).connect() as owner:
            owner.execute("VACUUM ANALYZE")
        rates = [_pair(login, share, number) for number in range(PAIRS)]
        left = Timer.objects.filter(state=Timer.State.PENDING).count()
        faults = {name: number for name, number in judged().items() if number}
    if left or faults:
        raise AssertionError(f"Not each exactly once: {left} left, {faults}")
    ours, peer = median(pair[0] for pair in rates), median(pair[1] for pair in rates)
    ratio = median(ours / peer for ours, peer in rates)
    return [Figure(ID, "clocks swept by 4 workers", ours, peer, ratio, "a second", count, ">= 0.3")]


def _pair(login: Login, share: int, number: int) -> tuple[float, float]:
    """Return how many a second the product swept and the peer did; every other pair begins with the peer."""
    sides = (True, False) if number % 2 else (False, True)
    rates = {by_sql: _rate(login, Share(share, by_sql)) for by_sql in sides}
    return rates[False], rates[True]


def _rate(login: Login, share: Share) -> float:
    worked = at_once(sweep, [share] * WORKERS, login=login, processes=WORKERS)
    done = sum(swept for _, swept in worked)
    wanted = (share.clocks - READY) * WORKERS
    if done != wanted:
        raise AssertionError(f"{done} were swept instead of {wanted}.")
    return done / max(took for took, _ in worked)
