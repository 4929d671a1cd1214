-- What entries would do if they were posted now, at every control above them, of whatever mode. Reads only, locks nothing.
-- A stop's stand is read from its counters, as a posting does; that of the others, which have none, from balances.
CREATE FUNCTION budgets_expected(p_entries jsonb)
RETURNS TABLE(control_id bigint, depth integer, name text, tolerance numeric, window_kind text, from_month date, to_month date,
              cap numeric, held numeric, more_cap numeric, more_held numeric) LANGUAGE sql STABLE AS $$
    WITH delta AS MATERIALIZED (
        SELECT c.control_id, a.entity_id, e.month,
               sum(CASE WHEN e.bucket = 'allotted' THEN e.amount ELSE 0 END) AS cap,
               sum(CASE WHEN e.bucket IN ('reserved', 'committed', 'spent') THEN e.amount ELSE 0 END) AS held
        FROM budgets_entries_of(p_entries) e
        JOIN budgets_fundsaccount a ON a.id = e.account_id
        JOIN budgets_cover c ON c.account_id = e.account_id
        GROUP BY c.control_id, a.entity_id, e.month
    ), touched AS (
        SELECT DISTINCT d.control_id, w.from_month, w.to_month
        FROM delta d JOIN budgets_control k ON k.id = d.control_id JOIN core_entity n ON n.id = d.entity_id
        CROSS JOIN LATERAL budgets_windows(k."window", d.month, n.fiscal_year_start_month) w
        WHERE d.cap <> 0 OR d.held <> 0
    )
    SELECT k.id, k.depth::int, k.name::text, k.tolerance, k."window"::text, t.from_month, t.to_month,
           CASE k.mode WHEN 'stop' THEN s.cap ELSE b.cap END, CASE k.mode WHEN 'stop' THEN s.held ELSE b.held END, g.cap, g.held
    FROM touched t
    JOIN budgets_control k ON k.id = t.control_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(m.cap), 0) AS cap, coalesce(sum(m.held), 0) AS held FROM budgets_controlmonth m
        WHERE k.mode = 'stop' AND m.control_id = t.control_id AND m.month BETWEEN t.from_month AND t.to_month) s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.allotted), 0) AS cap, coalesce(sum(b.reserved + b.committed + b.spent), 0) AS held
        FROM budgets_cover c JOIN budgets_balance b ON b.account_id = c.account_id
        WHERE k.mode <> 'stop' AND c.control_id = t.control_id AND b.month BETWEEN t.from_month AND t.to_month) b
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(d.cap), 0) AS cap, coalesce(sum(d.held), 0) AS held FROM delta d
        WHERE d.control_id = t.control_id AND d.month BETWEEN t.from_month AND t.to_month) g
$$;
