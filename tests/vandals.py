"""What someone does who holds a superuser's rights: write where nothing is rewritten, and compute anew what would tell on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper

from tests.owner import as_owner

GUARDED = ("budgets_journal", "budgets_entry", "budgets_link", "budgets_fundsaccount", "budgets_balance", "budgets_openhold")
# Triggers that refuse fire in replica mode as well, so they are switched off one by one.
UNGUARD = "; ".join(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in GUARDED)
GUARD = "; ".join(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in GUARDED)

# Temporary functions: the database's own are left as they were.
RECOMPUTE = """
CREATE OR REPLACE FUNCTION pg_temp.redigest(p_journal bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE budgets_journal j SET digest = coalesce(budgets_digest(
        j.kind, j.entity_id, j.source_type, j.source_id, j.reverses_id, j.settles_id, j.is_fact, j.is_override, j.memo,
        (SELECT array_agg(ROW(e.number, e.account_id, e.month, e.bucket, e.amount, e.thread, e.memo, e.rate, e.exchange_rate_id,
                              e.pooled)::budgets_line ORDER BY e.number)
         FROM budgets_entry e WHERE e.journal_id = j.id)), j.digest)
    WHERE j.id = p_journal
$$;
CREATE OR REPLACE FUNCTION pg_temp.rebalance(p_account bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM budgets_balance WHERE account_id = p_account;
    INSERT INTO budgets_balance (account_id, month, allotted, reserved, committed, spent, paid, pooled_allotted, pooled_held)
    SELECT account_id, month,
           coalesce(sum(amount) FILTER (WHERE bucket = 'allotted'), 0),
           coalesce(sum(amount) FILTER (WHERE bucket = 'reserved'), 0),
           coalesce(sum(amount) FILTER (WHERE bucket = 'committed'), 0), coalesce(sum(amount) FILTER (WHERE bucket = 'spent'), 0),
           coalesce(sum(amount) FILTER (WHERE bucket = 'paid'), 0), coalesce(sum(pooled) FILTER (WHERE bucket = 'allotted'), 0),
           coalesce(sum(pooled) FILTER (WHERE bucket IN ('reserved', 'committed', 'spent')), 0)
    FROM budgets_entry WHERE account_id = p_account GROUP BY account_id, month;
    DELETE FROM budgets_openhold WHERE account_id = p_account;
    INSERT INTO budgets_openhold (account_id, month, thread, bucket, amount)
    SELECT account_id, month, thread, bucket, sum(amount) FROM budgets_entry
    WHERE account_id = p_account AND bucket IN ('reserved', 'committed') GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
$$;
-- Makes an account's chain consistent in itself from its first link on: numbers, hashes, head.
CREATE OR REPLACE FUNCTION pg_temp.rechain(p_account bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v record; v_prev bytea := ''; v_hash bytea; v_seq bigint := 0;
BEGIN
    FOR v IN SELECT seq, journal_id FROM budgets_link WHERE account_id = p_account ORDER BY seq LOOP
        v_seq := v_seq + 1;
        v_hash := sha256(v_prev || convert_to(budgets_link_text(v.journal_id, p_account, v_seq), 'UTF8'));
        UPDATE budgets_link SET seq = v_seq, prev = v_prev, hash = v_hash WHERE account_id = p_account AND seq = v.seq;
        v_prev := v_hash;
    END LOOP;
    UPDATE budgets_fundsaccount SET seq = v_seq, head = v_prev, posted_at = (
        SELECT j.recorded_at FROM budgets_link l JOIN budgets_journal j ON j.id = l.journal_id
        WHERE l.account_id = p_account AND l.seq = v_seq) WHERE id = p_account;
END $$;
"""


@contextmanager
def vandal() -> Iterator[CursorWrapper]:
    """Give a superuser's cursor on the test's own connection. Triggers and foreign keys stand aside for that long."""
    with as_owner() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {UNGUARD}")
        cursor.execute("SET ROLE NONE; SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(GUARD)
