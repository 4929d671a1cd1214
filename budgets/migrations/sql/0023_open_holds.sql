-- The entries of a journal, the balances they move, and what they leave open. What a document holds is kept as the balances are,
-- under the same locks on the accounts: to find what is open nobody adds up what was settled long ago.
CREATE OR REPLACE FUNCTION budgets_write_entries(p_journal bigint, p_at timestamptz, p_lines budgets_line[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO budgets_entry (journal_id, number, account_id, month, bucket, amount, thread, memo, rate, exchange_rate_id, pooled,
                               recorded_at)
    SELECT p_journal, e.number, e.account_id, e.month, e.bucket, e.amount, e.thread, e.memo, e.rate, e.exchange_rate_id, e.pooled, p_at
    FROM unnest(p_lines) e ORDER BY e.number;
    INSERT INTO budgets_balance AS b (account_id, month, allotted, reserved, committed, spent, paid, pooled_allotted, pooled_held)
    SELECT e.account_id, e.month,
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'allotted'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'reserved'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'committed'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'spent'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'paid'), 0),
           coalesce(sum(e.pooled) FILTER (WHERE e.bucket = 'allotted'), 0),
           coalesce(sum(e.pooled) FILTER (WHERE e.bucket IN ('reserved', 'committed', 'spent')), 0)
    FROM unnest(p_lines) e GROUP BY e.account_id, e.month ORDER BY e.account_id, e.month
    ON CONFLICT (account_id, month) DO UPDATE SET
        allotted = b.allotted + EXCLUDED.allotted, reserved = b.reserved + EXCLUDED.reserved,
        committed = b.committed + EXCLUDED.committed, spent = b.spent + EXCLUDED.spent, paid = b.paid + EXCLUDED.paid,
        pooled_allotted = b.pooled_allotted + EXCLUDED.pooled_allotted, pooled_held = b.pooled_held + EXCLUDED.pooled_held;
    IF NOT EXISTS (SELECT FROM unnest(p_lines) e WHERE e.bucket IN ('reserved', 'committed')) THEN
        RETURN;
    END IF;
    INSERT INTO budgets_openhold AS h (account_id, month, thread, bucket, amount)
    SELECT e.account_id, e.month, e.thread, e.bucket, sum(e.amount)
    FROM unnest(p_lines) e WHERE e.bucket IN ('reserved', 'committed')
    GROUP BY 1, 2, 3, 4 HAVING sum(e.amount) <> 0 ORDER BY 1, 2, 3, 4
    ON CONFLICT (account_id, month, thread, bucket) DO UPDATE SET amount = h.amount + EXCLUDED.amount;
    DELETE FROM budgets_openhold h USING unnest(p_lines) e
    WHERE h.account_id = e.account_id AND h.month = e.month AND h.thread = e.thread AND h.bucket = e.bucket AND h.amount = 0;
END $$;

-- An account says by itself when it was last posted to, so that a budget's newest moment is read from its accounts.
CREATE OR REPLACE FUNCTION budgets_write_links(p_journal bigint, p_lines budgets_line[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH link AS MATERIALIZED (
        SELECT a.id, a.seq + 1 AS seq, a.head,
               sha256(a.head || convert_to(budgets_link_text(p_journal, a.id, a.seq + 1), 'UTF8')) AS hash
        FROM budgets_fundsaccount a WHERE a.id IN (SELECT e.account_id FROM unnest(p_lines) e)
    ), written AS (
        INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
        SELECT l.id, l.seq, p_journal, l.head, l.hash FROM link l
    )
    UPDATE budgets_fundsaccount a
    SET seq = l.seq, head = l.hash, posted_at = (SELECT j.recorded_at FROM budgets_journal j WHERE j.id = p_journal)
    FROM link l WHERE a.id = l.id;
END $$;

INSERT INTO budgets_openhold (account_id, month, thread, bucket, amount)
SELECT account_id, month, thread, bucket, sum(amount) FROM budgets_entry
WHERE bucket IN ('reserved', 'committed') GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0 ORDER BY 1, 2, 3, 4;

UPDATE budgets_fundsaccount a SET posted_at = j.recorded_at
FROM budgets_link l JOIN budgets_journal j ON j.id = l.journal_id WHERE l.account_id = a.id AND l.seq = a.seq;
