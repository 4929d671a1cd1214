-- Nobody spends from a reserve but by a draw on it. Of what a journal books on an open reserve's line, whatever holds or spends its
-- money, and whatever moves it elsewhere, belongs to a draw on that reserve; and what the line has left never goes below nothing by
-- it, whatever its controls would let pass. PU405 says which reserve.
CREATE FUNCTION approvals_reserves_are_drawn_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
    v_left numeric;
BEGIN
    FOR v IN
        SELECT r.id, r.code, r.name, r.account_id, a.currency, n.code AS entity, j.kind, j.source_type, j.source_id,
               bool_or(e.bucket <> 'allotted' AND e.amount > 0) AS books,
               bool_or(e.bucket IN ('committed', 'spent', 'paid') AND e.amount > 0) AS spends,
               bool_or(e.bucket = 'allotted' AND e.amount < 0) AS lowers
        FROM fresh e
        JOIN approvals_reserve r ON r.account_id = e.account_id AND r.closed_at IS NULL
        JOIN budgets_fundsaccount a ON a.id = r.account_id
        JOIN core_entity n ON n.id = r.entity_id
        JOIN budgets_journal j ON j.id = e.journal_id
        GROUP BY r.id, r.code, r.name, r.account_id, a.currency, n.code, j.kind, j.source_type, j.source_id
    LOOP
        IF v.kind <> 'reverse' AND (v.spends OR v.books OR v.lowers AND v.kind = 'transfer') AND (v.spends OR NOT EXISTS (
            SELECT FROM approvals_request q JOIN approvals_reservedraw d ON d.request_id = q.id
            WHERE q.id = CASE WHEN v.source_type = 'request' THEN v.source_id::bigint END
              AND q.subject_kind = 'reserve_draw' AND d.reserve_id = v.id))
        THEN
            RAISE EXCEPTION 'Nobody spends from a reserve directly.' USING ERRCODE = 'PU405', DETAIL = jsonb_build_object(
                'what', 'spent', 'reserve', v.id, 'code', v.code, 'name', v.name, 'entity', v.entity)::text;
        END IF;
        IF v.lowers OR v.books THEN
            SELECT sum(CASE e.bucket WHEN 'allotted' THEN e.amount WHEN 'paid' THEN 0 ELSE -e.amount END) INTO v_left
            FROM budgets_entry e WHERE e.account_id = v.account_id;
            IF v_left < 0 THEN
                RAISE EXCEPTION 'A reserve has no more than it holds.' USING ERRCODE = 'PU405', DETAIL = jsonb_build_object(
                    'what', 'overdrawn', 'reserve', v.id, 'code', v.code, 'name', v.name, 'entity', v.entity,
                    'short', (-v_left)::text, 'currency', v.currency)::text;
            END IF;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER reserves_are_drawn_on AFTER INSERT ON budgets_entry REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_reserves_are_drawn_on();

-- A reserve is a line of its organization that was never spent from and holds nothing. Callers keep every posting out meanwhile.
CREATE FUNCTION approvals_reserve_is_unspent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM budgets_fundsaccount a WHERE a.id = NEW.account_id AND a.entity_id = NEW.entity_id)
        OR EXISTS (
            SELECT FROM budgets_entry e JOIN budgets_journal j ON j.id = e.journal_id
            WHERE e.account_id = NEW.account_id AND e.bucket <> 'allotted'
              AND NOT EXISTS (
                SELECT FROM approvals_reservedraw d JOIN approvals_reserve r ON r.id = d.reserve_id
                WHERE r.account_id = NEW.account_id
                  AND d.request_id = CASE WHEN j.source_type = 'request' THEN j.source_id::bigint END))
    THEN
        RAISE EXCEPTION 'A reserve is a line of its organization from which nothing was spent.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reserve_is_unspent BEFORE INSERT ON approvals_reserve
    FOR EACH ROW EXECUTE FUNCTION approvals_reserve_is_unspent();

-- What is given up has nothing waiting on it.
CREATE FUNCTION approvals_reserve_is_idle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM approvals_reservedraw d JOIN approvals_request r ON r.id = d.request_id
        WHERE d.reserve_id = NEW.id AND r.state = 'submitted')
    THEN
        RAISE EXCEPTION 'A reserve on which a draw waits is not given up.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reserve_is_idle BEFORE UPDATE ON approvals_reserve
    FOR EACH ROW WHEN (OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL) EXECUTE FUNCTION approvals_reserve_is_idle();

-- A draw goes by what was stated of its own reserve, is of one organization and currency, and is approved by the reserve's own
-- approver, whatever a policy says besides.
CREATE FUNCTION approvals_draw_is_of_its_reserve() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_reserve r
        JOIN approvals_reserveterms t ON t.id = NEW.terms_id AND t.reserve_id = r.id
        JOIN approvals_request q ON q.id = NEW.request_id AND q.entity_id = r.entity_id AND q.subject_kind = 'reserve_draw'
        JOIN budgets_fundsaccount a ON a.id = r.account_id
        JOIN budgets_fundsaccount b ON b.id = NEW.taker_id AND b.entity_id = a.entity_id AND b.currency = a.currency AND b.id <> a.id
        WHERE r.id = NEW.reserve_id AND r.closed_at IS NULL)
    THEN
        RAISE EXCEPTION 'A draw moves money of a reserve to another line of its organization, by what is stated of it.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER draw_is_of_its_reserve BEFORE INSERT OR UPDATE ON approvals_reservedraw
    FOR EACH ROW EXECUTE FUNCTION approvals_draw_is_of_its_reserve();

CREATE FUNCTION approvals_draw_is_approved_by_its_approver() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_reservedraw d
        JOIN approvals_reserveterms t ON t.id = d.terms_id
        JOIN approvals_stage s ON s.request_id = d.request_id AND s.round = NEW.round AND s.role_code = t.approver
        WHERE d.request_id = NEW.id AND s.state = 'approved')
    THEN
        RAISE EXCEPTION 'A draw is approved by the approver of its reserve.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER draw_is_approved_by_its_approver BEFORE UPDATE ON approvals_request
    FOR EACH ROW WHEN (NEW.subject_kind = 'reserve_draw' AND OLD.state <> 'approved' AND NEW.state = 'approved')
    EXECUTE FUNCTION approvals_draw_is_approved_by_its_approver();
