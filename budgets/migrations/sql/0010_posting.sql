-- Posting: the only way in which money moves. All of a journal's entries or none.
--
-- Refusals have their own SQLSTATE, with JSON in DETAIL: PU402 no funds, PU404 no such account, PU406 no exchange rate, PU409 the
-- key was used for other content, PU410 a pending journal has not that much left, PU422 the entries do not say something that can
-- be posted, PU423 the month is closed or was never opened. PU499 is the wall's: the function itself is wrong.

CREATE TYPE budgets_line AS (number integer, account_id bigint, month date, bucket text, amount numeric, thread text, memo text,
                             rate numeric, exchange_rate_id bigint, pooled numeric);

-- The entries of a journal, numbered in the order given, in the entity's own currency until rates are looked up.
CREATE FUNCTION budgets_lines_of(p_entries jsonb) RETURNS budgets_line[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (
    SELECT array_agg(ROW(e.number::int, (e.line->>'account')::bigint, (e.line->>'month')::date, e.line->>'bucket',
                         (e.line->>'amount')::numeric, coalesce(e.line->>'thread', ''), coalesce(e.line->>'memo', ''),
                         1, NULL, (e.line->>'amount')::numeric)::budgets_line ORDER BY e.number)
    FROM jsonb_array_elements(p_entries) WITH ORDINALITY AS e(line, number)
    );
END $$;

-- The opposite of every entry of a journal.
CREATE FUNCTION budgets_opposite_of(p_journal bigint) RETURNS budgets_line[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(ROW(e.number, e.account_id, e.month, e.bucket, -e.amount, e.thread, e.memo, e.rate, e.exchange_rate_id,
                         -e.pooled)::budgets_line ORDER BY e.number)
    FROM budgets_entry e WHERE e.journal_id = p_journal
$$;

-- Refuses entries that do not say something that can be posted.
CREATE FUNCTION budgets_check_lines(p_kind text, p_lines budgets_line[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    IF p_lines IS NULL THEN
        RAISE EXCEPTION 'A journal needs an entry.' USING ERRCODE = 'PU422', DETAIL = '{"what": "empty"}';
    END IF;
    SELECT q.number, q.what INTO v_bad FROM (
        SELECT e.number, CASE
            WHEN e.month IS NULL OR extract(day FROM e.month) <> 1 THEN 'month'
            WHEN e.bucket IS NULL OR e.bucket NOT IN ('allotted', 'reserved', 'committed', 'spent', 'paid') THEN 'bucket'
            WHEN e.amount IS NULL OR e.amount IN ('NaN', 'Infinity', '-Infinity') OR e.amount = 0
                 OR e.amount <> round(e.amount, 2) OR abs(e.amount) >= 1e15 THEN 'amount'
        END AS what
        FROM unnest(p_lines) e
    ) q WHERE q.what IS NOT NULL ORDER BY q.number LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % has no usable %.', v_bad.number, v_bad.what
            USING ERRCODE = 'PU422', DETAIL = jsonb_build_object('what', v_bad.what, 'entry', v_bad.number)::text;
    END IF;
    IF p_kind IN ('transfer', 'carry', 'move', 'recode') AND (
        EXISTS (SELECT FROM unnest(p_lines) e GROUP BY e.bucket HAVING sum(e.amount) <> 0)
        OR (SELECT count(DISTINCT a.currency) > 1 FROM budgets_fundsaccount a
            WHERE a.id IN (SELECT e.account_id FROM unnest(p_lines) e))) THEN
        RAISE EXCEPTION 'A % takes from one place what it gives to another.', p_kind
            USING ERRCODE = 'PU422', DETAIL = '{"what": "conserve"}';
    END IF;
END $$;

-- Locks the accounts of the entries, in the order of their ids. Refuses accounts that are not the entity's. Says whether one of
-- them is kept in another currency than the entity's.
CREATE FUNCTION budgets_lock_accounts(p_entity bigint, p_currency text, p_lines budgets_line[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_wanted bigint[];
    v_found bigint[];
    v_foreign boolean;
BEGIN
    SELECT array_agg(DISTINCT coalesce(e.account_id, 0)) INTO v_wanted FROM unnest(p_lines) e;
    SELECT array_agg(a.id), bool_or(a.currency <> p_currency) INTO v_found, v_foreign FROM (
        SELECT id, currency FROM budgets_fundsaccount WHERE id = ANY(v_wanted) AND entity_id = p_entity
        ORDER BY id FOR NO KEY UPDATE
    ) a;
    IF cardinality(v_wanted) <> coalesce(cardinality(v_found), 0) THEN
        RAISE EXCEPTION 'An entry names no account of this entity.' USING ERRCODE = 'PU404',
            DETAIL = jsonb_build_object('accounts', (
                SELECT jsonb_agg(w) FROM unnest(v_wanted) w WHERE w <> ALL (coalesce(v_found, '{}'))))::text;
    END IF;
    RETURN v_foreign;
END $$;

CREATE FUNCTION budgets_check_periods(p_entity bigint, p_lines budgets_line[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    SELECT e.month, p.state INTO v_bad
    FROM (SELECT DISTINCT month FROM unnest(p_lines)) e
    LEFT JOIN budgets_period p ON p.entity_id = p_entity AND p.month = e.month
    WHERE p.state IS DISTINCT FROM 'open' ORDER BY e.month LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The month % is not open.', v_bad.month USING ERRCODE = 'PU423',
            DETAIL = jsonb_build_object('month', v_bad.month, 'state', coalesce(v_bad.state, 'missing'))::text;
    END IF;
END $$;

-- What one unit of a currency is in the entity's, by the latest word on the latest day up to `p_day`.
CREATE FUNCTION budgets_rate_on(p_entity bigint, p_currency text, p_day date, OUT rate numeric, OUT exchange_rate_id bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT r.rate, r.id INTO rate, exchange_rate_id FROM budgets_exchangerate r
    WHERE r.entity_id = p_entity AND r.currency = p_currency AND r.valid_on <= p_day ORDER BY r.valid_on DESC, r.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'No rate for % on %.', p_currency, p_day USING ERRCODE = 'PU406',
            DETAIL = jsonb_build_object('currency', p_currency, 'day', p_day)::text;
    END IF;
END $$;

-- What stands there for a line to take over, or to take away, at the rate it stands at: for what lowers, the allotment of its month
-- or the hold or spend of its thread; for what raises, what the lines before it have lowered and no other has taken over.
CREATE FUNCTION budgets_standing(p_currency text, p_line budgets_line, p_before budgets_line[], OUT amount numeric, OUT pooled numeric)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_line.amount < 0 AND p_line.bucket = 'allotted' THEN
        SELECT sum(s.amount), sum(s.pooled) INTO amount, pooled FROM (
            SELECT b.allotted AS amount, b.pooled_allotted AS pooled FROM budgets_balance b
            WHERE b.account_id = p_line.account_id AND b.month = p_line.month
            UNION ALL
            SELECT e.amount, e.pooled FROM unnest(p_before) e
            WHERE e.account_id = p_line.account_id AND e.month = p_line.month AND e.bucket = 'allotted') s;
    ELSIF p_line.amount < 0 AND p_line.bucket <> 'paid' AND p_line.thread <> '' THEN
        SELECT sum(s.amount), sum(s.pooled) INTO amount, pooled FROM (
            SELECT e.amount, e.pooled FROM budgets_entry e
            WHERE e.thread = p_line.thread AND e.account_id = p_line.account_id AND e.bucket = p_line.bucket
            UNION ALL
            SELECT e.amount, e.pooled FROM unnest(p_before) e
            WHERE e.thread = p_line.thread AND e.account_id = p_line.account_id AND e.bucket = p_line.bucket) s;
    ELSIF p_line.amount > 0 AND (p_line.bucket = 'allotted' OR p_line.bucket <> 'paid' AND p_line.thread <> '') THEN
        SELECT -sum(e.amount), -sum(e.pooled) INTO amount, pooled
        FROM unnest(p_before) e JOIN budgets_fundsaccount a ON a.id = e.account_id AND a.currency = p_currency
        WHERE CASE p_line.bucket WHEN 'allotted' THEN e.bucket = 'allotted'
              ELSE e.bucket NOT IN ('allotted', 'paid') AND e.thread = p_line.thread END;
    END IF;
    IF amount IS NULL OR amount <= 0 OR pooled <= 0 THEN
        amount := 0;
        pooled := 0;
    END IF;
END $$;

-- The entries with their rates. What lowers takes away what stands there at the rate it stands at, to the cent when it takes all,
-- and what the same journal puts in its place keeps that: so nothing stays behind in a pool. All beyond is at the day's rate.
CREATE FUNCTION budgets_at_rates(p_entity bigint, p_currency text, p_day date, p_lines budgets_line[])
RETURNS budgets_line[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_lines budgets_line[] := '{}';
    v_line budgets_line;
    v_account text;
    v_there record;
    v_taken numeric;
    v_day record;
BEGIN
    FOREACH v_line IN ARRAY ARRAY(SELECT e FROM unnest(p_lines) e ORDER BY e.amount > 0, e.number) LOOP
        SELECT a.currency INTO STRICT v_account FROM budgets_fundsaccount a WHERE a.id = v_line.account_id;
        IF v_account <> p_currency THEN
            SELECT * INTO v_there FROM budgets_standing(v_account, v_line, v_lines);
            v_taken := least(abs(v_line.amount), v_there.amount);
            v_line.pooled := CASE WHEN v_taken = v_there.amount THEN v_there.pooled
                                  ELSE round(v_there.pooled * v_taken / v_there.amount, 2) END;
            IF v_taken < abs(v_line.amount) THEN
                SELECT * INTO v_day FROM budgets_rate_on(p_entity, v_account, p_day);
                v_line.pooled := v_line.pooled + round((abs(v_line.amount) - v_taken) * v_day.rate, 2);
                v_line.exchange_rate_id := v_day.exchange_rate_id;
            END IF;
            v_line.rate := CASE WHEN v_taken = 0 THEN v_day.rate
                                WHEN v_taken = abs(v_line.amount) THEN round(v_there.pooled / v_there.amount, 10)
                                ELSE round(v_line.pooled / abs(v_line.amount), 10) END;
            v_line.pooled := sign(v_line.amount) * v_line.pooled;
        END IF;
        v_lines := v_lines || v_line;
    END LOOP;
    RETURN ARRAY(SELECT e FROM unnest(v_lines) e ORDER BY e.number);
END $$;

CREATE FUNCTION budgets_write_entries(p_journal bigint, p_at timestamptz, p_lines budgets_line[]) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION budgets_write_links(p_journal bigint, p_lines budgets_line[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH link AS MATERIALIZED (
        SELECT a.id, a.seq + 1 AS seq, a.head,
               sha256(a.head || convert_to(budgets_link_text(p_journal, a.id, a.seq + 1), 'UTF8')) AS hash
        FROM budgets_fundsaccount a WHERE a.id IN (SELECT e.account_id FROM unnest(p_lines) e)
    ), written AS (
        INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
        SELECT l.id, l.seq, p_journal, l.head, l.hash FROM link l
    )
    UPDATE budgets_fundsaccount a SET seq = l.seq, head = l.hash FROM link l WHERE a.id = l.id;
END $$;

-- A pending journal holds money, by account, bucket and thread, in whatever months. All journals that settle it together take
-- from it no more than it held, and give back no more than they took.
CREATE FUNCTION budgets_check_settlement(p_pending bigint, p_journal bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    SELECT c.account_id, c.bucket, c.thread, c.held, coalesce(u.total, 0) AS used, coalesce(u.now, 0) AS now,
           u.now IS NOT NULL AS touched INTO v_bad
    FROM (SELECT e.account_id, e.bucket, e.thread, sum(e.amount) AS held FROM budgets_entry e
          WHERE e.journal_id = p_pending AND e.bucket IN ('reserved', 'committed') GROUP BY 1, 2, 3 HAVING sum(e.amount) > 0
          -- What it gives back to the journal that it settles itself is held there.
          EXCEPT ALL
          SELECT e.account_id, e.bucket, e.thread, sum(e.amount) FROM budgets_entry e WHERE e.journal_id = p_pending AND EXISTS (
              SELECT FROM budgets_journal p JOIN budgets_entry o ON o.journal_id = p.settles_id
              WHERE p.id = p_pending AND (o.account_id, o.bucket, o.thread) = (e.account_id, e.bucket, e.thread)
              GROUP BY o.account_id HAVING sum(o.amount) > 0) GROUP BY 1, 2, 3) c
    LEFT JOIN (SELECT e.account_id, e.bucket, e.thread, sum(e.amount) AS total, sum(e.amount) FILTER (WHERE j.id = p_journal) AS now
               FROM budgets_journal j JOIN budgets_entry e ON e.journal_id = j.id WHERE j.settles_id = p_pending GROUP BY 1, 2, 3) u
        USING (account_id, bucket, thread)
    ORDER BY (c.held + coalesce(u.total, 0) < 0 OR coalesce(u.total, 0) > 0) DESC, (u.now IS NOT NULL) DESC LIMIT 1;
    IF NOT FOUND OR NOT v_bad.touched OR v_bad.held + v_bad.used < 0 OR v_bad.used > 0
       OR EXISTS (SELECT FROM budgets_journal r WHERE r.reverses_id = p_pending) THEN
        RAISE EXCEPTION 'Journal % has not that much left.', p_pending USING ERRCODE = 'PU410', DETAIL = jsonb_build_object(
            'what', CASE WHEN EXISTS (SELECT FROM budgets_journal r WHERE r.reverses_id = p_pending) THEN 'reversed'
                         WHEN v_bad.touched THEN 'settled' ELSE 'nothing' END,
            'journal', p_pending, 'account', v_bad.account_id, 'bucket', v_bad.bucket, 'thread', v_bad.thread,
            'left', round(v_bad.held + v_bad.used - v_bad.now, 2)::text, 'wanted', round(-v_bad.now, 2)::text)::text;
    END IF;
END $$;

-- Refuses to reverse a pending journal that others have settled in part, or moved to another month: theirs are reversed first.
-- The entries of the reversal are there already.
CREATE FUNCTION budgets_check_reversal(p_reversed bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM budgets_journal j JOIN budgets_entry e ON e.journal_id = j.id WHERE j.settles_id = p_reversed
               GROUP BY e.account_id, e.bucket, e.thread HAVING sum(e.amount) <> 0)
       OR EXISTS (SELECT FROM budgets_entry h
                  JOIN budgets_entry e ON (e.account_id, e.bucket, e.thread, e.month) = (h.account_id, h.bucket, h.thread, h.month)
                  WHERE h.journal_id = p_reversed AND h.bucket IN ('reserved', 'committed') AND h.amount > 0 AND h.thread <> ''
                  GROUP BY h.id HAVING sum(e.amount) < 0) THEN
        RAISE EXCEPTION 'Journal % was settled in part.', p_reversed USING ERRCODE = 'PU410',
            DETAIL = jsonb_build_object('what', 'used', 'journal', p_reversed)::text;
    END IF;
END $$;

-- What a journal changes at each stop control and month it touches, in the control's currency. Where reserve, commit and spend
-- cancel out, nothing.
CREATE FUNCTION budgets_deltas(p_lines budgets_line[])
RETURNS TABLE(control_id bigint, month date, cap numeric, held numeric) LANGUAGE sql STABLE AS $$
    SELECT d.control_id, d.month, d.cap, d.held FROM (
        SELECT c.control_id, e.month,
               sum(CASE WHEN e.bucket <> 'allotted' THEN 0 WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END) AS cap,
               sum(CASE WHEN e.bucket IN ('allotted', 'paid') THEN 0 WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END) AS held
        FROM unnest(p_lines) e
        JOIN budgets_fundsaccount a ON a.id = e.account_id
        JOIN budgets_cover c ON c.account_id = e.account_id
        JOIN budgets_control k ON k.id = c.control_id AND k.mode = 'stop'
        GROUP BY c.control_id, e.month
    ) d WHERE d.cap <> 0 OR d.held <> 0
$$;

-- Who holds the money at a node in a window, before the journal that is being refused: by document at a single account,
-- by account at a node above several.
CREATE FUNCTION budgets_consumers(p_control bigint, p_from date, p_to date, p_but_journal bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_single boolean;
BEGIN
    SELECT k.account_id IS NOT NULL INTO v_single FROM budgets_control k WHERE k.id = p_control;
    RETURN coalesce((
        SELECT jsonb_agg(jsonb_build_object('account', t.account_id, 'name', t.name, 'thread', t.thread, 'held', t.held::text)
                         ORDER BY t.held DESC, t.account_id, t.thread)
        FROM (
            SELECT a.id AS account_id, a.name, CASE WHEN v_single THEN e.thread ELSE '' END AS thread,
                   sum(CASE WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END) AS held
            FROM budgets_cover c
            JOIN budgets_control k ON k.id = c.control_id
            JOIN budgets_fundsaccount a ON a.id = c.account_id
            JOIN budgets_entry e ON e.account_id = a.id
            WHERE c.control_id = p_control AND e.month BETWEEN p_from AND p_to
              AND e.bucket IN ('reserved', 'committed', 'spent') AND e.journal_id IS DISTINCT FROM p_but_journal
            GROUP BY 1, 2, 3 HAVING sum(e.amount) > 0
            ORDER BY held DESC, 1, 3 LIMIT 5
        ) t), '[]'::jsonb);
END $$;

-- Refuses a journal that makes a window of a stop worse which then holds more than it may, or that allots more under a limit of
-- its own than the limit is.
CREATE FUNCTION budgets_check_stands(p_control budgets_control, p_journal bigint, p_kind text, p_stands budgets_stand[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    SELECT w.*, w.cap * (1 + p_control.tolerance) - w.held AS funds,
           w.more_held - w.more_cap * (1 + p_control.tolerance) AS worse, false AS allots INTO v_bad
    FROM unnest(p_stands) w
    WHERE w.more_held - w.more_cap * (1 + p_control.tolerance) > 0 AND budgets_excess_of(w, p_control.tolerance) > 0
    ORDER BY funds, w.first, w.last LIMIT 1;
    IF NOT FOUND AND p_control.own_limit IS NOT NULL THEN
        SELECT w.*, w.cap - w.allotted AS funds, w.more_allotted AS worse, true AS allots INTO v_bad
        FROM unnest(p_stands) w WHERE w.more_allotted > 0 AND w.allotted + w.more_allotted > w.cap
        ORDER BY funds, w.first, w.last LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'No funds at %.', p_control.name USING ERRCODE = 'PU402', DETAIL = jsonb_build_object(
            'what', CASE WHEN v_bad.allots THEN 'allotted' ELSE 'held' END,
            'control', p_control.id, 'node', p_control.name, 'window', p_control."window", 'kind', p_kind,
            'from', CASE WHEN p_control."window" <> 'life' THEN v_bad.first END,
            'to', CASE WHEN p_control."window" <> 'life' THEN v_bad.last END,
            'tolerance', trim_scale(p_control.tolerance)::text, 'currency', p_control.currency,
            'cap', round(v_bad.cap, 2)::text, 'held', round(v_bad.held, 2)::text, 'allotted', round(v_bad.allotted, 2)::text,
            'wanted', (ceil(v_bad.worse * 100) / 100)::numeric(20, 2)::text, 'left', (floor(v_bad.funds * 100) / 100)::numeric(20, 2)::text,
            'consumers', budgets_consumers(p_control.id, v_bad.first, v_bad.last, p_journal))::text;
    END IF;
END $$;

-- Keeps what is excused: how far each touched window stands over its limit after the change. Only what passes a stop, a fact or
-- an override, makes that more; everything else may only give back.
CREATE FUNCTION budgets_excuse(p_control budgets_control, p_passes boolean, p_stands budgets_stand[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM budgets_excused e USING unnest(p_stands) w
    WHERE e.control_id = p_control.id AND e.first = w.first AND e.last = w.last AND budgets_excess_of(w, p_control.tolerance) <= 0;
    UPDATE budgets_excused e SET amount = budgets_excess_of(w, p_control.tolerance) FROM unnest(p_stands) w
    WHERE e.control_id = p_control.id AND e.first = w.first AND e.last = w.last
      AND (p_passes OR budgets_excess_of(w, p_control.tolerance) < e.amount);
    IF p_passes THEN
        INSERT INTO budgets_excused (control_id, first, last, amount)
        SELECT p_control.id, w.first, w.last, budgets_excess_of(w, p_control.tolerance)
        FROM unnest(p_stands) w WHERE budgets_excess_of(w, p_control.tolerance) > 0
        ON CONFLICT (control_id, first, last) DO NOTHING;
    END IF;
END $$;

-- Moves the counters of the stops above the entries, one control after the other: deepest first, and the root, which most
-- postings share, last, so that it is held for the shortest time.
CREATE FUNCTION budgets_move_counters(p_start integer, p_journal bigint, p_kind text, p_passes boolean, p_lines budgets_line[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at record;
    v_control budgets_control;
    v_stands budgets_stand[];
BEGIN
    FOR v_at IN
        SELECT d.control_id, array_agg(ROW(d.month, d.cap, d.held)::budgets_change ORDER BY d.month) AS changes
        FROM budgets_deltas(p_lines) d JOIN budgets_control k ON k.id = d.control_id
        GROUP BY d.control_id, k.depth ORDER BY k.depth DESC, d.control_id
    LOOP
        SELECT * INTO STRICT v_control FROM budgets_control WHERE id = v_at.control_id FOR NO KEY UPDATE;
        v_stands := ARRAY(SELECT w FROM budgets_stands(v_control, p_start, v_at.changes) w);
        IF NOT p_passes THEN
            PERFORM budgets_check_stands(v_control, p_journal, p_kind, v_stands);
        END IF;
        IF EXISTS (SELECT FROM unnest(v_stands) w WHERE w.held > w.cap * (1 + v_control.tolerance)
                   OR budgets_excess_of(w, v_control.tolerance) > 0) THEN
            PERFORM budgets_excuse(v_control, p_passes, v_stands);
        END IF;
        INSERT INTO budgets_controlmonth AS m (control_id, month, cap, held)
        SELECT v_at.control_id, c.month, c.cap, c.held FROM unnest(v_at.changes) c
        ON CONFLICT (control_id, month) DO UPDATE SET cap = m.cap + EXCLUDED.cap, held = m.held + EXCLUDED.held;
    END LOOP;
END $$;

-- The moment an entry is recorded at: the database's clock. Only the owner of the ledger itself, loading a story or an
-- opening balance, may state another; from the app role a stated moment is not taken.
CREATE OR REPLACE FUNCTION budgets_moment(p_stated timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN p_stated IS NOT NULL
                 AND CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END = current_user::text
                THEN p_stated ELSE clock_timestamp() END
$$;

-- A posting in flight holds a shared advisory lock whose number is the second it began in, counted from 2020.
CREATE FUNCTION budgets_flight_class() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 810273 $$;

-- The moment before which nothing can be posted any more. Read it in a statement before the one that reads the entries.
CREATE FUNCTION budgets_settled_before() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_oldest bigint;
BEGIN
    SELECT min(l.objid::bigint) INTO v_oldest FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = budgets_flight_class() AND l.objsubid = 2
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
    RETURN least(v_now, timestamptz '2020-01-01 00:00:00Z' + make_interval(secs => v_oldest));
END $$;

CREATE FUNCTION budgets_take_off() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(budgets_structure_key());
    PERFORM pg_advisory_xact_lock_shared(budgets_flight_class(),
        floor(extract(epoch FROM clock_timestamp() - timestamptz '2020-01-01 00:00:00Z'))::int);
END $$;

CREATE FUNCTION budgets_announce(p_journal bigint, p_kind text, p_entity bigint, p_source_type text, p_source_id text,
                                 p_lines budgets_line[], p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_outboxevent (topic, payload, recorded_at, due_at, attempts, last_error)
    SELECT 'budgets.posted', jsonb_build_object(
        'journal_id', p_journal, 'kind', p_kind, 'entity_id', p_entity, 'source_type', p_source_type, 'source_id', p_source_id,
        'account_ids', (SELECT jsonb_agg(DISTINCT e.account_id) FROM unnest(p_lines) e)), p_at, p_at, 0, '';
END $$;

-- What the same key must say again.
CREATE FUNCTION budgets_digest(p_kind text, p_entity bigint, p_source_type text, p_source_id text, p_reverses bigint,
                               p_settles bigint, p_is_fact boolean, p_is_override boolean, p_memo text, p_lines budgets_line[])
RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (
    SELECT sha256(convert_to(jsonb_build_array(p_kind, p_entity::text, p_source_type, p_source_id,
        coalesce(p_reverses::text, ''), coalesce(p_settles::text, ''), p_is_fact::text, p_is_override::text, p_memo, (
            SELECT jsonb_agg(jsonb_build_array(e.account_id::text, e.month::text, e.bucket, trim_scale(e.amount)::text, e.thread, e.memo)
                             ORDER BY e.number)
            FROM unnest(p_lines) e))::text, 'UTF8'))
    );
END $$;

-- The journal with this key. Refuses where there is none.
CREATE FUNCTION budgets_pending(p_entity bigint, p_key text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_id bigint;
BEGIN
    SELECT j.id INTO v_id FROM budgets_journal j WHERE j.key = p_key AND j.entity_id = p_entity;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no journal with the key %.', p_key USING ERRCODE = 'PU410',
            DETAIL = jsonb_build_object('what', 'missing', 'key', p_key)::text;
    END IF;
    RETURN v_id;
END $$;

-- Posts a journal: entries as given, or, where it reverses one, the opposite of that one's. `p_settles` is the key of the pending
-- journal that it uses up. The same key with the same content gives the first answer again.
CREATE FUNCTION budgets_post(
    p_key text, p_kind text, p_entity bigint, p_actor bigint, p_source_type text, p_source_id text, p_reverses bigint,
    p_settles text, p_is_fact boolean, p_is_override boolean, p_memo text, p_correlation text, p_entries jsonb, p_stated timestamptz
) RETURNS TABLE(journal_id bigint, repeated boolean, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- Its statements touch a few rows by their keys, whatever the values: to plan them at each call took longer than to run them.
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_journal bigint;
    v_known record;
    v_entity record;
    v_lines budgets_line[];
    v_digest bytea;
    v_at timestamptz;
    v_settles bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Counters are read after their lock is taken: an older snapshot would not show what others held meanwhile.
        RAISE EXCEPTION 'Postings run in READ COMMITTED transactions.' USING ERRCODE = 'PU422', DETAIL = '{"what": "isolation"}';
    END IF;
    PERFORM budgets_take_off();
    v_at := budgets_moment(p_stated);
    SELECT n.fiscal_year_start_month AS start, n.currency INTO v_entity FROM core_entity n WHERE n.id = p_entity;
    IF p_reverses IS NOT NULL THEN
        v_lines := budgets_opposite_of(p_reverses);
        v_settles := (SELECT j.settles_id FROM budgets_journal j WHERE j.id = p_reverses);
    ELSIF jsonb_typeof(p_entries) = 'array' THEN
        v_lines := budgets_lines_of(p_entries);
        v_settles := CASE WHEN p_settles <> '' THEN budgets_pending(p_entity, p_settles) END;
    END IF;
    PERFORM budgets_check_lines(p_kind, v_lines);
    v_digest := budgets_digest(p_kind, p_entity, p_source_type, p_source_id, p_reverses, v_settles, p_is_fact, p_is_override, p_memo, v_lines);
    INSERT INTO budgets_journal (key, digest, kind, entity_id, actor_id, source_type, source_id, reverses_id, settles_id, is_fact,
                                 is_override, form, memo, correlation_id, recorded_at)
    VALUES (p_key, v_digest, p_kind, p_entity, p_actor, p_source_type, p_source_id, p_reverses, v_settles, p_is_fact,
            p_is_override, 2, p_memo, p_correlation, v_at)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_journal;
    IF v_journal IS NULL THEN
        SELECT j.id, j.digest, j.recorded_at INTO STRICT v_known FROM budgets_journal j WHERE j.key = p_key;
        IF v_known.digest <> v_digest THEN
            RAISE EXCEPTION 'The key was used for other content.' USING ERRCODE = 'PU409',
                DETAIL = jsonb_build_object('journal', v_known.id)::text;
        END IF;
        RETURN QUERY SELECT v_known.id, true, v_known.recorded_at;
        RETURN;
    END IF;
    IF budgets_lock_accounts(p_entity, v_entity.currency, v_lines) AND p_reverses IS NULL THEN
        v_lines := budgets_at_rates(p_entity, v_entity.currency, (v_at AT TIME ZONE 'UTC')::date, v_lines);
    END IF;
    PERFORM budgets_check_periods(p_entity, v_lines);
    PERFORM budgets_write_entries(v_journal, v_at, v_lines);
    IF v_settles IS NOT NULL THEN
        PERFORM budgets_check_settlement(v_settles, v_journal);
    END IF;
    IF p_reverses IS NOT NULL THEN
        PERFORM budgets_check_reversal(p_reverses);
    END IF;
    PERFORM budgets_write_links(v_journal, v_lines);
    PERFORM budgets_announce(v_journal, p_kind, p_entity, p_source_type, p_source_id, v_lines, v_at);
    PERFORM budgets_move_counters(v_entity.start, v_journal, p_kind, p_is_fact OR p_is_override, v_lines);
    RETURN QUERY SELECT v_journal, false, v_at;
END $$;

REVOKE ALL ON FUNCTION budgets_post(text, text, bigint, bigint, text, text, bigint, text, boolean, boolean, text, text, jsonb, timestamptz)
    FROM PUBLIC;

-- What entries would do if they were posted now, at every control above them, of whatever mode. Reads only, locks nothing.
-- A stop's stand is read from its counters, as a posting does; that of the others, which have none, from balances.
CREATE FUNCTION budgets_expected(p_entries jsonb)
RETURNS TABLE(control_id bigint, depth integer, name text, tolerance numeric, window_kind text, from_month date, to_month date,
              cap numeric, held numeric, more_cap numeric, more_held numeric, passes boolean) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    v_lines budgets_line[] := budgets_lines_of(p_entries);
    v_entity record;
BEGIN
    SELECT n.id, n.currency, n.fiscal_year_start_month AS start INTO v_entity
    FROM core_entity n JOIN budgets_fundsaccount a ON a.entity_id = n.id WHERE a.id = v_lines[1].account_id;
    IF EXISTS (SELECT FROM unnest(v_lines) e JOIN budgets_fundsaccount a ON a.id = e.account_id WHERE a.currency <> v_entity.currency) THEN
        v_lines := budgets_at_rates(v_entity.id, v_entity.currency, (clock_timestamp() AT TIME ZONE 'UTC')::date, v_lines);
    END IF;
    RETURN QUERY
    WITH delta AS MATERIALIZED (
        SELECT c.control_id, e.month,
               sum(CASE WHEN e.bucket <> 'allotted' THEN 0 WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END) AS cap,
               sum(CASE WHEN e.bucket IN ('allotted', 'paid') THEN 0 WHEN k.currency = a.currency THEN e.amount ELSE e.pooled END) AS held
        FROM unnest(v_lines) e
        JOIN budgets_fundsaccount a ON a.id = e.account_id
        JOIN budgets_cover c ON c.account_id = e.account_id
        JOIN budgets_control k ON k.id = c.control_id
        GROUP BY c.control_id, e.month
    ), touched AS (
        SELECT DISTINCT d.control_id, w.first, w.last
        FROM delta d JOIN budgets_control k ON k.id = d.control_id
        CROSS JOIN LATERAL budgets_windows(k."window", d.month, v_entity.start) w
        WHERE d.cap <> 0 OR d.held <> 0
    )
    SELECT k.id, k.depth::int, k.name::text, k.tolerance, k."window"::text, t.first, t.last, n.cap, n.held, n.more_cap, n.more_held,
           k.mode <> 'stop'
           OR (n.more_held <= n.more_cap * (1 + k.tolerance) OR n.held + n.more_held <= (n.cap + n.more_cap) * (1 + k.tolerance))
              AND (k.own_limit IS NULL OR n.more_allotted <= 0 OR n.allotted + n.more_allotted <= n.cap)
    FROM touched t
    JOIN budgets_control k ON k.id = t.control_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(m.cap), 0) AS cap, coalesce(sum(m.held), 0) AS held FROM budgets_controlmonth m
        WHERE k.mode = 'stop' AND m.control_id = t.control_id AND m.month BETWEEN t.first AND t.last) s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(CASE WHEN k.currency = a.currency THEN b.allotted ELSE b.pooled_allotted END), 0) AS cap,
               coalesce(sum(CASE WHEN k.currency = a.currency THEN b.reserved + b.committed + b.spent ELSE b.pooled_held END), 0) AS held
        FROM budgets_cover c JOIN budgets_fundsaccount a ON a.id = c.account_id JOIN budgets_balance b ON b.account_id = a.id
        WHERE k.mode <> 'stop' AND c.control_id = t.control_id AND b.month BETWEEN t.first AND t.last) b
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(d.cap), 0) AS cap, coalesce(sum(d.held), 0) AS held FROM delta d
        WHERE d.control_id = t.control_id AND d.month BETWEEN t.first AND t.last) g
    CROSS JOIN LATERAL (
        SELECT CASE k.mode WHEN 'stop' THEN s.cap ELSE b.cap END AS allotted, g.cap AS more_allotted,
               CASE WHEN k.own_limit IS NOT NULL THEN budgets_own_cap(k.own_limit, k."window", t.first, t.last)
                    WHEN k.mode = 'stop' THEN s.cap ELSE b.cap END AS cap,
               CASE k.mode WHEN 'stop' THEN s.held ELSE b.held END AS held,
               CASE WHEN k.own_limit IS NULL THEN g.cap ELSE 0 END AS more_cap, g.held AS more_held) n;
END $$;
