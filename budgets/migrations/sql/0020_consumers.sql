-- Who holds the money at a node in a window, before the journal that is being refused: by document at a single account, by account
-- at a node above several. Above several it is read from the balances, not from all that was ever posted under the node: a refusal
-- at the root of a long ledger costs no more than at a short one's.
CREATE OR REPLACE FUNCTION budgets_consumers(p_control bigint, p_from date, p_to date, p_but_journal bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_control record;
BEGIN
    SELECT k.account_id, k.currency INTO v_control FROM budgets_control k WHERE k.id = p_control;
    IF v_control.account_id IS NOT NULL THEN
        RETURN coalesce((
            SELECT jsonb_agg(jsonb_build_object('account', t.account_id, 'name', t.name, 'thread', t.thread, 'held', t.held::text)
                             ORDER BY t.held DESC, t.account_id, t.thread)
            FROM (
                SELECT a.id AS account_id, a.name, e.thread,
                       sum(CASE WHEN v_control.currency = a.currency THEN e.amount ELSE e.pooled END) AS held
                FROM budgets_fundsaccount a JOIN budgets_entry e ON e.account_id = a.id
                WHERE a.id = v_control.account_id AND e.month BETWEEN p_from AND p_to
                  AND e.bucket IN ('reserved', 'committed', 'spent') AND e.journal_id IS DISTINCT FROM p_but_journal
                GROUP BY 1, 2, 3 HAVING sum(e.amount) > 0
                ORDER BY held DESC, 1, 3 LIMIT 5
            ) t), '[]'::jsonb);
    END IF;
    RETURN coalesce((
        SELECT jsonb_agg(jsonb_build_object('account', t.account_id, 'name', t.name, 'thread', '', 'held', t.held::text)
                         ORDER BY t.held DESC, t.account_id)
        FROM (
            SELECT a.id AS account_id, a.name, sum(h.held) AS held
            FROM budgets_cover c
            JOIN budgets_fundsaccount a ON a.id = c.account_id
            CROSS JOIN LATERAL (
                SELECT CASE WHEN v_control.currency = a.currency THEN b.reserved + b.committed + b.spent ELSE b.pooled_held END AS held
                FROM budgets_balance b WHERE b.account_id = a.id AND b.month BETWEEN p_from AND p_to
                UNION ALL
                SELECT -CASE WHEN v_control.currency = a.currency THEN e.amount ELSE e.pooled END
                FROM budgets_entry e
                WHERE e.journal_id = p_but_journal AND e.account_id = a.id AND e.month BETWEEN p_from AND p_to
                  AND e.bucket IN ('reserved', 'committed', 'spent')
            ) h
            WHERE c.control_id = p_control
            GROUP BY 1, 2 HAVING sum(h.held) > 0
            ORDER BY held DESC, 1 LIMIT 5
        ) t), '[]'::jsonb);
END $$;
