-- Windows: the months over which a control adds up, what it may hold there, and how far it stands over.

CREATE TYPE budgets_change AS (month date, cap numeric, held numeric);
CREATE TYPE budgets_stand AS (first date, last date, cap numeric, held numeric, more_cap numeric, more_held numeric,
                              allotted numeric, more_allotted numeric);

-- The windows that a month lies in. Year to date is a window for the month and for every later one of its fiscal year:
-- what is held in March uses up what April's year to date may hold. A life has the first and the last month there can be.
CREATE FUNCTION budgets_windows(p_window text, p_month date, p_start integer)
RETURNS TABLE(first date, last date) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_year date := budgets_fiscal_year(p_month, p_start);
    v_quarter date;
BEGIN
    CASE p_window
        WHEN 'month' THEN
            RETURN QUERY SELECT p_month, p_month;
        WHEN 'quarter' THEN
            v_quarter := (v_year + make_interval(months => 3 * (
                ((extract(year FROM age(p_month, v_year)) * 12 + extract(month FROM age(p_month, v_year)))::int) / 3)))::date;
            RETURN QUERY SELECT v_quarter, (v_quarter + interval '2 months')::date;
        WHEN 'ytd' THEN
            RETURN QUERY SELECT v_year, m::date
            FROM generate_series(p_month::timestamp, v_year + interval '11 months', interval '1 month') m;
        WHEN 'year' THEN
            RETURN QUERY SELECT v_year, (v_year + interval '11 months')::date;
        WHEN 'life' THEN
            RETURN QUERY SELECT date '0001-01-01', date '9999-12-01';
    END CASE;
END $$;

-- What a control's own limit comes to in a window. To date it grows by a twelfth a month, rounded so that twelve make it whole.
CREATE FUNCTION budgets_own_cap(p_limit numeric, p_window text, p_first date, p_last date)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_window WHEN 'ytd' THEN round(p_limit * (
        (extract(year FROM p_last) - extract(year FROM p_first)) * 12 + extract(month FROM p_last) - extract(month FROM p_first) + 1
    ) / 12, 2) ELSE p_limit END
$$;

-- How far a window stands over its limit once a change is in.
CREATE FUNCTION budgets_excess_of(p_stand budgets_stand, p_tolerance numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT (p_stand.held + p_stand.more_held) - (p_stand.cap + p_stand.more_cap) * (1 + p_tolerance)
$$;

-- The windows of a stop that a change touches: how they stand by its counters, which do not hold the change yet.
CREATE FUNCTION budgets_stands(p_control budgets_control, p_start integer, p_changes budgets_change[])
RETURNS SETOF budgets_stand LANGUAGE sql STABLE AS $$
    SELECT t.first, t.last,
           CASE WHEN p_control.own_limit IS NULL THEN s.cap
                ELSE budgets_own_cap(p_control.own_limit, p_control."window", t.first, t.last) END,
           s.held, CASE WHEN p_control.own_limit IS NULL THEN g.cap ELSE 0 END, g.held, s.cap, g.cap
    FROM (SELECT DISTINCT w.first, w.last FROM unnest(p_changes) c
          CROSS JOIN LATERAL budgets_windows(p_control."window", c.month, p_start) w) t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(m.cap), 0) AS cap, coalesce(sum(m.held), 0) AS held FROM budgets_controlmonth m
        WHERE m.control_id = p_control.id AND m.month BETWEEN t.first AND t.last) s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(c.cap), 0) AS cap, coalesce(sum(c.held), 0) AS held FROM unnest(p_changes) c
        WHERE c.month BETWEEN t.first AND t.last) g
$$;

-- What the accounts under each of some controls are allotted and hold by month, in the control's currency.
CREATE FUNCTION budgets_counted(p_controls bigint[])
RETURNS TABLE(control_id bigint, month date, cap numeric, held numeric) LANGUAGE sql STABLE AS $$
    SELECT k.id, b.month,
           sum(CASE WHEN k.currency = a.currency THEN b.allotted ELSE b.pooled_allotted END),
           sum(CASE WHEN k.currency = a.currency THEN b.reserved + b.committed + b.spent ELSE b.pooled_held END)
    FROM budgets_control k
    JOIN budgets_cover c ON c.control_id = k.id
    JOIN budgets_fundsaccount a ON a.id = c.account_id
    JOIN budgets_balance b ON b.account_id = c.account_id
    WHERE k.id = ANY(p_controls)
    GROUP BY k.id, b.month
$$;

-- Every window of some stops, with what is allotted under it, its limit without tolerance, and what is held.
CREATE FUNCTION budgets_all_stands(p_controls bigint[])
RETURNS TABLE(control_id bigint, first date, last date, allotted numeric, cap numeric, held numeric, tolerance numeric)
LANGUAGE sql STABLE AS $$
    WITH counted AS MATERIALIZED (SELECT * FROM budgets_counted(p_controls)), stop AS (
        SELECT k.id, k."window", k.own_limit, k.tolerance, n.fiscal_year_start_month AS start
        FROM budgets_control k JOIN core_entity n ON n.id = k.entity_id WHERE k.id = ANY(p_controls) AND k.mode = 'stop'
    ), touched AS (
        SELECT DISTINCT k.id, w.first, w.last FROM stop k JOIN counted c ON c.control_id = k.id
        CROSS JOIN LATERAL budgets_windows(k."window", c.month, k.start) w
    )
    SELECT k.id, t.first, t.last, s.cap,
           CASE WHEN k.own_limit IS NULL THEN s.cap ELSE budgets_own_cap(k.own_limit, k."window", t.first, t.last) END,
           s.held, k.tolerance
    FROM touched t JOIN stop k ON k.id = t.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(c.cap), 0) AS cap, coalesce(sum(c.held), 0) AS held FROM counted c
        WHERE c.control_id = t.id AND c.month BETWEEN t.first AND t.last) s
$$;

-- The windows of some stops that stand over their limit, and by how much.
CREATE FUNCTION budgets_excess(p_controls bigint[])
RETURNS TABLE(control_id bigint, first date, last date, amount numeric) LANGUAGE sql STABLE AS $$
    SELECT s.control_id, s.first, s.last, s.held - s.cap * (1 + s.tolerance) FROM budgets_all_stands(p_controls) s
    WHERE s.held > s.cap * (1 + s.tolerance)
$$;
