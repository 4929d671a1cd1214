"""Whether the ledger is whole: balances, holds, counters rebuilt from the entries, cover from the structure, and every chain."""

from dataclasses import dataclass, field

from django.db import connection, transaction

MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check found. `drift` and `breaks` name places; both are empty where the ledger is whole."""

    entries: int
    accounts: int
    drift: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.drift and not self.breaks


def check_ledger() -> LedgerCheck:
    """Return what a check of the whole ledger finds, in one snapshot of the database. Postings go on meanwhile."""
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            # Inside a caller's transaction the snapshot is the caller's.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        drift = [
            row
            for query in (_BALANCES, _HOLDS, _COUNTERS, _COVER, _EXCUSED, _MOMENTS, _POSTED, _SETTLED)
            for row in _places(query)
        ]
        breaks = [row for query in (_LINKS, _HEADS, _UNLINKED, _EMPTY) for row in _places(query)]
        cursor.execute("SELECT (SELECT count(*) FROM budgets_entry), (SELECT count(*) FROM budgets_fundsaccount)")
        entries, accounts = cursor.fetchone()
    return LedgerCheck(entries, accounts, drift, breaks)


def _places(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]


_BALANCES = """
WITH rebuilt AS (
    SELECT account_id, month,
           coalesce(sum(amount) FILTER (WHERE bucket = 'allotted'), 0) AS allotted,
           coalesce(sum(amount) FILTER (WHERE bucket = 'reserved'), 0) AS reserved,
           coalesce(sum(amount) FILTER (WHERE bucket = 'committed'), 0) AS committed,
           coalesce(sum(amount) FILTER (WHERE bucket = 'spent'), 0) AS spent,
           coalesce(sum(amount) FILTER (WHERE bucket = 'paid'), 0) AS paid,
           coalesce(sum(pooled) FILTER (WHERE bucket = 'allotted'), 0) AS pooled_allotted,
           coalesce(sum(pooled) FILTER (WHERE bucket IN ('reserved', 'committed', 'spent')), 0) AS pooled_held
    FROM budgets_entry GROUP BY account_id, month
)
SELECT format('balance of account %s in %s', account_id, to_char(month, 'YYYY-MM'))
FROM rebuilt r FULL JOIN budgets_balance b USING (account_id, month)
WHERE (coalesce(r.allotted, 0), coalesce(r.reserved, 0), coalesce(r.committed, 0), coalesce(r.spent, 0), coalesce(r.paid, 0),
       coalesce(r.pooled_allotted, 0), coalesce(r.pooled_held, 0))
   IS DISTINCT FROM
      (coalesce(b.allotted, 0), coalesce(b.reserved, 0), coalesce(b.committed, 0), coalesce(b.spent, 0), coalesce(b.paid, 0),
       coalesce(b.pooled_allotted, 0), coalesce(b.pooled_held, 0))
ORDER BY account_id, month
"""

_HOLDS = """
WITH rebuilt AS (
    SELECT account_id, month, thread, bucket, sum(amount) AS amount FROM budgets_entry
    WHERE bucket IN ('reserved', 'committed') GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
)
SELECT format('hold of %s at account %s in %s', CASE thread WHEN '' THEN 'no document' ELSE thread END, account_id,
              to_char(month, 'YYYY-MM'))
FROM rebuilt r FULL JOIN budgets_openhold h USING (account_id, month, thread, bucket)
WHERE r.amount IS DISTINCT FROM h.amount
ORDER BY account_id, month, thread, bucket
"""

_COUNTERS = """
WITH rebuilt AS (
    SELECT c.control_id, e.month,
           coalesce(sum(CASE WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END)
                    FILTER (WHERE e.bucket = 'allotted'), 0) AS cap,
           coalesce(sum(CASE WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END)
                    FILTER (WHERE e.bucket IN ('reserved', 'committed', 'spent')), 0) AS held
    FROM budgets_entry e
    JOIN budgets_fundsaccount a ON a.id = e.account_id
    JOIN budgets_cover c ON c.account_id = e.account_id
    JOIN budgets_control k ON k.id = c.control_id AND k.mode = 'stop'
    GROUP BY c.control_id, e.month
)
SELECT format('counter of control %s in %s', control_id, to_char(month, 'YYYY-MM'))
FROM rebuilt r FULL JOIN budgets_controlmonth m USING (control_id, month)
WHERE (coalesce(r.cap, 0), coalesce(r.held, 0)) IS DISTINCT FROM (coalesce(m.cap, 0), coalesce(m.held, 0))
ORDER BY control_id, month
"""

_COVER = """
SELECT format('cover of account %s by control %s', account_id, control_id)
FROM (SELECT c.* FROM core_entity n CROSS JOIN LATERAL budgets_covers(n.id, NULL, NULL) c) r
FULL JOIN budgets_cover s USING (account_id, control_id)
WHERE r IS NULL OR s IS NULL
ORDER BY account_id, control_id
"""

_EXCUSED = """
SELECT format('excused of control %s to %s', control_id, to_char(last, 'YYYY-MM'))
FROM (SELECT x.* FROM budgets_excess(ARRAY(SELECT id FROM budgets_control WHERE mode = 'stop')) x) r
FULL JOIN budgets_excused s USING (control_id, first, last)
WHERE r.amount IS DISTINCT FROM s.amount
ORDER BY control_id, last
"""

_MOMENTS = """
SELECT format('entry %s is not of its journal''s moment', e.id)
FROM budgets_entry e JOIN budgets_journal j ON j.id = e.journal_id WHERE e.recorded_at <> j.recorded_at ORDER BY e.id
"""

_POSTED = """
SELECT format('account %s was not last posted to when it says', a.id)
FROM budgets_fundsaccount a
LEFT JOIN budgets_link l ON l.account_id = a.id AND l.seq = a.seq LEFT JOIN budgets_journal j ON j.id = l.journal_id
WHERE a.posted_at IS DISTINCT FROM j.recorded_at AND (a.seq = 0 OR j.id IS NOT NULL) ORDER BY a.id
"""

_SETTLED = """
WITH held AS (
    SELECT e.journal_id, e.account_id, e.bucket, e.thread, sum(e.amount) AS amount
    FROM budgets_entry e WHERE e.bucket IN ('reserved', 'committed')
      AND e.journal_id IN (SELECT settles_id FROM budgets_journal WHERE settles_id IS NOT NULL)
    GROUP BY 1, 2, 3, 4 HAVING sum(e.amount) > 0
), used AS (
    SELECT j.settles_id AS journal_id, e.account_id, e.bucket, e.thread, sum(e.amount) AS amount
    FROM budgets_journal j JOIN budgets_entry e ON e.journal_id = j.id WHERE j.settles_id IS NOT NULL GROUP BY 1, 2, 3, 4
)
SELECT DISTINCT format('journal %s is settled beyond what it held', journal_id)
FROM held h JOIN used u USING (journal_id, account_id, bucket, thread) WHERE u.amount > 0 OR h.amount + u.amount < 0
"""

_LINKS = """
SELECT format('link %s of account %s', seq, account_id)
FROM (
    SELECT l.account_id, l.seq, l.prev, l.hash, l.journal_id,
           coalesce(lag(l.hash) OVER w, ''::bytea) AS before, row_number() OVER w AS place
    FROM budgets_link l WINDOW w AS (PARTITION BY l.account_id ORDER BY l.seq)
) l
WHERE prev <> before OR seq <> place
   OR hash IS DISTINCT FROM sha256(prev || convert_to(budgets_link_text(journal_id, account_id, seq), 'UTF8'))
ORDER BY account_id, seq
"""

_HEADS = """
SELECT format('head of account %s', a.id)
FROM budgets_fundsaccount a
LEFT JOIN LATERAL (SELECT seq, hash FROM budgets_link WHERE account_id = a.id ORDER BY seq DESC LIMIT 1) l ON true
WHERE a.seq <> coalesce(l.seq, 0) OR a.head <> coalesce(l.hash, ''::bytea)
ORDER BY a.id
"""

_UNLINKED = """
SELECT DISTINCT format('journal %s at account %s has no link', e.journal_id, e.account_id)
FROM budgets_entry e
WHERE NOT EXISTS (SELECT 1 FROM budgets_link l WHERE l.account_id = e.account_id AND l.journal_id = e.journal_id)
"""

_EMPTY = """
SELECT format('journal %s has no entries', j.id) FROM budgets_journal j
WHERE NOT EXISTS (SELECT 1 FROM budgets_entry e WHERE e.journal_id = j.id) ORDER BY j.id
"""

_DRIFTS = (_BALANCES, _HOLDS, _COUNTERS, _COVER, _EXCUSED, _MOMENTS, _POSTED, _SETTLED)
