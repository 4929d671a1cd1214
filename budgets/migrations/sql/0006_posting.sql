-- Posting: the only way in which money moves. All of a journal's entries or none.
--
-- Refusals have their own SQLSTATE: PU402 no funds (JSON in DETAIL), PU404 no such account, PU409 the key was used for other
-- content, PU422 the entries do not say something that can be posted, PU423 the month is closed or was never opened.

CREATE FUNCTION budgets_fiscal_year(p_month date, p_start integer) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT make_date(extract(year FROM p_month)::int - CASE WHEN extract(month FROM p_month) < p_start THEN 1 ELSE 0 END, p_start, 1)
$$;

-- The windows that a month lies in, as ranges of months. Year to date is a window for the month and for every later one
-- of its fiscal year: what is held in March uses up what April's year to date may hold.
CREATE FUNCTION budgets_windows(p_window text, p_month date, p_start integer)
RETURNS TABLE(from_month date, to_month date) LANGUAGE plpgsql IMMUTABLE AS $$
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
            RETURN QUERY SELECT '-infinity'::date, 'infinity'::date;
    END CASE;
END $$;

-- The entries of a journal as rows, numbered in the order given.
CREATE FUNCTION budgets_entries_of(p_entries jsonb)
RETURNS TABLE(number integer, account_id bigint, month date, bucket text, amount numeric, thread text, memo text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT e.number::int, (e.line->>'account')::bigint, (e.line->>'month')::date, e.line->>'bucket', (e.line->>'amount')::numeric,
           coalesce(e.line->>'thread', ''), coalesce(e.line->>'memo', '')
    FROM jsonb_array_elements(p_entries) WITH ORDINALITY AS e(line, number)
$$;

-- Refuses entries that do not say something that can be posted.
CREATE FUNCTION budgets_check_entries(p_entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    IF jsonb_typeof(p_entries) IS DISTINCT FROM 'array' OR jsonb_array_length(p_entries) = 0 THEN
        RAISE EXCEPTION 'A journal needs an entry.' USING ERRCODE = 'PU422', DETAIL = '{"what": "empty"}';
    END IF;
    SELECT q.number, q.what INTO v_bad FROM (
        SELECT e.number, CASE
            WHEN e.month IS NULL OR extract(day FROM e.month) <> 1 THEN 'month'
            WHEN e.bucket IS NULL OR e.bucket NOT IN ('allotted', 'reserved', 'committed', 'spent', 'paid') THEN 'bucket'
            WHEN e.amount IS NULL OR e.amount IN ('NaN', 'Infinity', '-Infinity') OR e.amount = 0
                 OR e.amount <> round(e.amount, 2) OR abs(e.amount) >= 1e15 THEN 'amount'
        END AS what
        FROM budgets_entries_of(p_entries) e
    ) q WHERE q.what IS NOT NULL ORDER BY q.number LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % has no usable %.', v_bad.number, v_bad.what
            USING ERRCODE = 'PU422', DETAIL = jsonb_build_object('what', v_bad.what, 'entry', v_bad.number)::text;
    END IF;
END $$;

-- Locks the accounts of the entries, in the order of their ids. Refuses accounts that are not the entity's.
CREATE FUNCTION budgets_lock_accounts(p_entity bigint, p_entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_wanted bigint[];
    v_found bigint[];
BEGIN
    SELECT array_agg(DISTINCT coalesce(e.account_id, 0)) INTO v_wanted FROM budgets_entries_of(p_entries) e;
    SELECT array_agg(a.id) INTO v_found FROM (
        SELECT id FROM budgets_fundsaccount WHERE id = ANY(v_wanted) AND entity_id = p_entity ORDER BY id FOR NO KEY UPDATE
    ) a;
    IF cardinality(v_wanted) <> coalesce(cardinality(v_found), 0) THEN
        RAISE EXCEPTION 'An entry names no account of this entity.' USING ERRCODE = 'PU404',
            DETAIL = jsonb_build_object('accounts', (
                SELECT jsonb_agg(w) FROM unnest(v_wanted) w WHERE w <> ALL (coalesce(v_found, '{}'))))::text;
    END IF;
END $$;

CREATE FUNCTION budgets_check_periods(p_entity bigint, p_entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    SELECT e.month, p.state INTO v_bad
    FROM (SELECT DISTINCT month FROM budgets_entries_of(p_entries)) e
    LEFT JOIN budgets_period p ON p.entity_id = p_entity AND p.month = e.month
    WHERE p.state IS DISTINCT FROM 'open' ORDER BY e.month LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The month % is not open.', v_bad.month USING ERRCODE = 'PU423',
            DETAIL = jsonb_build_object('month', v_bad.month, 'state', coalesce(v_bad.state, 'missing'))::text;
    END IF;
END $$;

-- What a journal changes at each stop control and month it touches. Where reserve, commit and spend cancel out, nothing.
CREATE FUNCTION budgets_deltas(p_entries jsonb)
RETURNS TABLE(control_id bigint, month date, cap numeric, held numeric) LANGUAGE sql STABLE AS $$
    SELECT d.control_id, d.month, d.cap, d.held FROM (
        SELECT c.control_id, e.month,
               sum(CASE WHEN e.bucket = 'allotted' THEN e.amount ELSE 0 END) AS cap,
               sum(CASE WHEN e.bucket IN ('reserved', 'committed', 'spent') THEN e.amount ELSE 0 END) AS held
        FROM budgets_entries_of(p_entries) e
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
            SELECT a.id AS account_id, a.name, CASE WHEN v_single THEN e.thread ELSE '' END AS thread, sum(e.amount) AS held
            FROM budgets_cover c
            JOIN budgets_fundsaccount a ON a.id = c.account_id
            JOIN budgets_entry e ON e.account_id = a.id
            WHERE c.control_id = p_control AND e.month BETWEEN p_from AND p_to
              AND e.bucket IN ('reserved', 'committed', 'spent') AND e.journal_id IS DISTINCT FROM p_but_journal
            GROUP BY 1, 2, 3 HAVING sum(e.amount) > 0
            ORDER BY held DESC, 1, 3 LIMIT 5
        ) t), '[]'::jsonb);
END $$;

-- Every window that a journal touches: its stand before (cap, held), and what the journal adds (more_cap, more_held).
-- The counters hold the journal already.
CREATE FUNCTION budgets_windows_touched(p_deltas jsonb, p_start integer)
RETURNS TABLE(control_id bigint, depth integer, name text, tolerance numeric, window_kind text, from_month date, to_month date,
              cap numeric, held numeric, more_cap numeric, more_held numeric) LANGUAGE sql STABLE AS $$
    WITH delta AS MATERIALIZED (
        SELECT d.control_id, d.month, d.cap, d.held
        FROM jsonb_to_recordset(p_deltas) AS d(control_id bigint, month date, cap numeric, held numeric)
    ), touched AS (
        SELECT DISTINCT d.control_id, w.from_month, w.to_month
        FROM delta d JOIN budgets_control k ON k.id = d.control_id
        CROSS JOIN LATERAL budgets_windows(k."window", d.month, p_start) w
    )
    SELECT k.id, k.depth::int, k.name::text, k.tolerance, k."window"::text, t.from_month, t.to_month,
           s.cap - g.cap, s.held - g.held, g.cap, g.held
    FROM touched t
    JOIN budgets_control k ON k.id = t.control_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(m.cap), 0) AS cap, coalesce(sum(m.held), 0) AS held FROM budgets_controlmonth m
        WHERE m.control_id = t.control_id AND m.month BETWEEN t.from_month AND t.to_month) s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(d.cap), 0) AS cap, coalesce(sum(d.held), 0) AS held FROM delta d
        WHERE d.control_id = t.control_id AND d.month BETWEEN t.from_month AND t.to_month) g
$$;

-- Moves the counters of the stop controls above the entries: deepest first, the root, which most postings share, last.
-- Refuses the journal where it makes a window worse that then holds more than it may, unless it is a fact.
CREATE FUNCTION budgets_move_counters(p_entity bigint, p_journal bigint, p_kind text, p_is_fact boolean, p_entries jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_deltas jsonb;
    v_start integer;
    v_bad record;
BEGIN
    SELECT jsonb_agg(to_jsonb(d)) INTO v_deltas FROM budgets_deltas(p_entries) d;
    IF v_deltas IS NULL THEN
        RETURN;
    END IF;
    PERFORM 1 FROM budgets_control
    WHERE id IN (SELECT (d->>'control_id')::bigint FROM jsonb_array_elements(v_deltas) d)
    ORDER BY depth DESC, id FOR NO KEY UPDATE;
    INSERT INTO budgets_controlmonth AS m (control_id, month, cap, held)
    SELECT d.control_id, d.month, d.cap, d.held
    FROM jsonb_to_recordset(v_deltas) AS d(control_id bigint, month date, cap numeric, held numeric)
    ORDER BY d.control_id, d.month
    ON CONFLICT (control_id, month) DO UPDATE SET cap = m.cap + EXCLUDED.cap, held = m.held + EXCLUDED.held;
    IF p_is_fact THEN
        RETURN;
    END IF;
    SELECT fiscal_year_start_month INTO STRICT v_start FROM core_entity WHERE id = p_entity;
    SELECT w.*, w.cap * (1 + w.tolerance) - w.held AS funds, w.more_held - w.more_cap * (1 + w.tolerance) AS worse INTO v_bad
    FROM budgets_windows_touched(v_deltas, v_start) w
    WHERE w.more_held - w.more_cap * (1 + w.tolerance) > 0
      AND w.held + w.more_held > (w.cap + w.more_cap) * (1 + w.tolerance)
    ORDER BY w.depth DESC, w.control_id, funds, w.from_month, w.to_month LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'No funds at %.', v_bad.name USING ERRCODE = 'PU402', DETAIL = jsonb_build_object(
            'control', v_bad.control_id, 'node', v_bad.name, 'window', v_bad.window_kind, 'kind', p_kind,
            'from', CASE WHEN isfinite(v_bad.from_month) THEN v_bad.from_month END,
            'to', CASE WHEN isfinite(v_bad.to_month) THEN v_bad.to_month END,
            'tolerance', trim_scale(v_bad.tolerance)::text,
            'cap', round(v_bad.cap, 2)::text, 'held', round(v_bad.held, 2)::text,
            'wanted', round(v_bad.worse, 2)::text, 'left', round(v_bad.funds, 2)::text,
            'consumers', budgets_consumers(v_bad.control_id, v_bad.from_month, v_bad.to_month, p_journal))::text;
    END IF;
END $$;

CREATE FUNCTION budgets_write_entries(p_journal bigint, p_entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO budgets_entry (journal_id, number, account_id, month, bucket, amount, thread, memo)
    SELECT p_journal, e.number, e.account_id, e.month, e.bucket, e.amount, e.thread, e.memo
    FROM budgets_entries_of(p_entries) e ORDER BY e.number;
    INSERT INTO budgets_balance AS b (account_id, month, allotted, reserved, committed, spent, paid)
    SELECT e.account_id, e.month,
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'allotted'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'reserved'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'committed'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'spent'), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'paid'), 0)
    FROM budgets_entries_of(p_entries) e GROUP BY e.account_id, e.month ORDER BY e.account_id, e.month
    ON CONFLICT (account_id, month) DO UPDATE SET
        allotted = b.allotted + EXCLUDED.allotted, reserved = b.reserved + EXCLUDED.reserved,
        committed = b.committed + EXCLUDED.committed, spent = b.spent + EXCLUDED.spent, paid = b.paid + EXCLUDED.paid;
END $$;

-- What a link of an account's chain is the hash of, besides the link before: the journal's head and its entries there, as
-- JSON text of strings, so that no delimiter can be forged. docs/ledger.md gives the form to whoever verifies it outside.
CREATE FUNCTION budgets_link_text(p_journal bigint, p_account bigint, p_seq bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array('v1', p_account::text, p_seq::text, j.id::text, j.key, encode(j.digest, 'hex'), j.kind, j.entity_id::text,
        coalesce(j.actor_id::text, ''), j.source_type, j.source_id, coalesce(j.reverses_id::text, ''), j.is_fact::text, j.memo,
        j.correlation_id, to_char(j.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), (
            SELECT jsonb_agg(jsonb_build_array(e.number::text, to_char(e.month, 'YYYY-MM-DD'), e.bucket, trim_scale(e.amount)::text,
                                               e.thread, e.memo) ORDER BY e.number)
            FROM budgets_entry e WHERE e.journal_id = p_journal AND e.account_id = p_account))::text
    FROM budgets_journal j WHERE j.id = p_journal
$$;

CREATE FUNCTION budgets_write_links(p_journal bigint, p_entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_account record;
    v_hash bytea;
BEGIN
    FOR v_account IN
        SELECT a.id, a.seq, a.head FROM budgets_fundsaccount a
        WHERE a.id IN (SELECT e.account_id FROM budgets_entries_of(p_entries) e) ORDER BY a.id
    LOOP
        v_hash := sha256(v_account.head || convert_to(budgets_link_text(p_journal, v_account.id, v_account.seq + 1), 'UTF8'));
        INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
        VALUES (v_account.id, v_account.seq + 1, p_journal, v_account.head, v_hash);
        UPDATE budgets_fundsaccount SET seq = v_account.seq + 1, head = v_hash WHERE id = v_account.id;
    END LOOP;
END $$;

-- The moment an entry is recorded at: the database's clock. Only the owner of the ledger itself, loading a story or an
-- opening balance, may state another; from the app role a stated moment is not taken.
CREATE FUNCTION budgets_moment(p_stated timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN p_stated IS NOT NULL
                 AND CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END = current_user::text
                THEN p_stated ELSE clock_timestamp() END
$$;

CREATE FUNCTION budgets_announce(p_journal bigint, p_kind text, p_entity bigint, p_source_type text, p_source_id text,
                                 p_entries jsonb, p_at timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO core_outboxevent (topic, payload, recorded_at, due_at, attempts, last_error)
    SELECT 'budgets.posted', jsonb_build_object(
        'journal_id', p_journal, 'kind', p_kind, 'entity_id', p_entity, 'source_type', p_source_type, 'source_id', p_source_id,
        'account_ids', (SELECT jsonb_agg(DISTINCT e.account_id) FROM budgets_entries_of(p_entries) e)), p_at, p_at, 0, ''
$$;

CREATE FUNCTION budgets_post(
    p_key text, p_kind text, p_entity bigint, p_actor bigint, p_source_type text, p_source_id text, p_reverses bigint,
    p_is_fact boolean, p_memo text, p_correlation text, p_entries jsonb, p_stated timestamptz
) RETURNS TABLE(journal_id bigint, repeated boolean, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_journal bigint;
    v_known record;
    v_at timestamptz := budgets_moment(p_stated);
    v_digest bytea;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Counters are read after their lock is taken: an older snapshot would not show what others held meanwhile.
        RAISE EXCEPTION 'Postings run in READ COMMITTED transactions.' USING ERRCODE = 'PU422', DETAIL = '{"what": "isolation"}';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(budgets_structure_key());
    PERFORM budgets_check_entries(p_entries);
    v_digest := sha256(convert_to(jsonb_build_array(p_kind, p_entity::text, p_source_type, p_source_id,
        coalesce(p_reverses::text, ''), p_is_fact::text, p_memo, (
            SELECT jsonb_agg(jsonb_build_array(e.account_id::text, e.month::text, e.bucket, trim_scale(e.amount)::text, e.thread, e.memo)
                             ORDER BY e.number)
            FROM budgets_entries_of(p_entries) e))::text, 'UTF8'));
    INSERT INTO budgets_journal (key, digest, kind, entity_id, actor_id, source_type, source_id, reverses_id, is_fact, memo,
                                 correlation_id, recorded_at)
    VALUES (p_key, v_digest, p_kind, p_entity, p_actor, p_source_type, p_source_id, p_reverses, p_is_fact, p_memo,
            p_correlation, v_at)
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
    PERFORM budgets_lock_accounts(p_entity, p_entries);
    PERFORM budgets_check_periods(p_entity, p_entries);
    PERFORM budgets_write_entries(v_journal, p_entries);
    PERFORM budgets_write_links(v_journal, p_entries);
    PERFORM budgets_announce(v_journal, p_kind, p_entity, p_source_type, p_source_id, p_entries, v_at);
    PERFORM budgets_move_counters(p_entity, v_journal, p_kind, p_is_fact, p_entries);
    RETURN QUERY SELECT v_journal, false, v_at;
END $$;

REVOKE ALL ON FUNCTION budgets_post(text, text, bigint, bigint, text, text, bigint, boolean, text, text, jsonb, timestamptz) FROM PUBLIC;
