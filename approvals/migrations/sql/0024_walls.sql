-- The walls behind owners, clocks and limits of a day. They hold for whoever writes, so they read with the owner's rights: what a
-- session says that it sees changes nothing. Those that several statements may break in between look when the transaction ends,
-- with the request locked, so that two sessions that each take one of two away look one after the other. Services hold that lock.

-- A stage that is asked has its owner among those whom it asks, three clocks that began with it, and is due when the last says so.
-- It stands still only while a question does that has an end of its own. A stage that is not asked has no clock.
CREATE FUNCTION approvals_hold_stage(p_stage bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_said text;
BEGIN
    PERFORM 1 FROM approvals_request r
    WHERE r.id = (SELECT s.request_id FROM approvals_stage s WHERE s.id = p_stage) FOR NO KEY UPDATE;
    SELECT CASE
        WHEN s.state = 'assigned' AND (s.owner_id = r.requester_id OR NOT EXISTS (
            SELECT FROM approvals_stagemember m WHERE m.stage_id = s.id AND m.person_id = s.owner_id AND m.left_at IS NULL))
        THEN 'A stage that is asked has its owner among those whom it asks, and never whoever asked.'
        WHEN s.state = 'assigned' AND 3 > (
            SELECT count(DISTINCT t.kind) FROM approvals_timer t
            WHERE t.stage_id = s.id AND t.starts_at = s.assigned_at AND t.kind <> 'resume' AND t.state <> 'cancelled')
        THEN 'A stage that is asked has its reminder, its escalation and its deadline.'
        WHEN s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_timer t
            WHERE t.stage_id = s.id AND t.kind = 'breach' AND t.starts_at = s.assigned_at AND t.state <> 'cancelled'
              AND t.due_at = s.due_at)
        THEN 'A stage is due when its deadline says.'
        WHEN s.state <> 'assigned' AND EXISTS (
            SELECT FROM approvals_timer t WHERE t.stage_id = s.id AND t.state IN ('pending', 'paused'))
        THEN 'No clock runs on a stage that is not asked.'
        WHEN (s.paused_at IS NOT NULL) <> EXISTS (
            SELECT FROM approvals_pause p WHERE p.stage_id = s.id AND p.ended_at IS NULL)
        THEN 'A stage stands still from the beginning of a pause to its end.'
        WHEN s.paused_at IS NULL AND EXISTS (
            SELECT FROM approvals_timer t WHERE t.stage_id = s.id AND t.state = 'paused')
        THEN 'A clock stands still only with its stage.'
        WHEN s.paused_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM approvals_question q WHERE q.stage_id = s.id AND q.pauses AND q.state = 'open')
        THEN 'A stage stands still only while a question is open.'
        WHEN EXISTS (
            SELECT FROM approvals_question q
            WHERE q.stage_id = s.id AND q.pauses AND q.state = 'open' AND NOT EXISTS (
                SELECT FROM approvals_timer t WHERE t.question_id = q.id AND t.state = 'pending'))
        THEN 'A question that stops a clock has an end of its own.'
        END INTO v_said
    FROM approvals_stage s JOIN approvals_request r ON r.id = s.request_id WHERE s.id = p_stage;
    IF v_said IS NOT NULL THEN
        RAISE EXCEPTION '%', v_said USING ERRCODE = 'check_violation', DETAIL = jsonb_build_object('stage', p_stage)::text;
    END IF;
END $$;

-- A request that waits is before somebody; one that does not has no stage that still waits.
CREATE FUNCTION approvals_hold_request(p_request bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_said text;
BEGIN
    PERFORM 1 FROM approvals_request r WHERE r.id = p_request FOR NO KEY UPDATE;
    SELECT CASE
        WHEN r.state = 'submitted' AND NOT EXISTS (
            SELECT FROM approvals_stage s WHERE s.request_id = r.id AND s.round = r.round AND s.state = 'assigned')
        THEN 'A request that waits for a decision is before somebody.'
        WHEN EXISTS (
            SELECT FROM approvals_stage s
            WHERE s.request_id = r.id AND s.state IN ('waiting', 'assigned') AND (r.state <> 'submitted' OR s.round <> r.round))
        THEN 'No stage waits of a round that is over.'
        END INTO v_said
    FROM approvals_request r WHERE r.id = p_request;
    IF v_said IS NOT NULL THEN
        RAISE EXCEPTION '%', v_said USING ERRCODE = 'check_violation', DETAIL = jsonb_build_object('request', p_request)::text;
    END IF;
END $$;

CREATE FUNCTION approvals_request_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM approvals_hold_request(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_stage_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM approvals_hold_stage(NEW.id);
    PERFORM approvals_hold_request(NEW.request_id);
    RETURN NULL;
END $$;

-- Of questions and pauses: what they stop, or let go on, is their stage.
CREATE FUNCTION approvals_its_stage_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM approvals_hold_stage(NEW.stage_id);
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_pause_by_question() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.ended_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM approvals_question q WHERE q.stage_id = NEW.stage_id AND q.pauses AND q.asked_at = NEW.began_at)
    THEN
        RAISE EXCEPTION 'A pause begins with its question.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- Whoever leaves a stage leaves somebody who may decide: not whoever asked, nor only those who have decided in this round.
CREATE FUNCTION approvals_somebody_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM approvals_hold_stage(NEW.stage_id);
    IF EXISTS (
        SELECT FROM approvals_stage s JOIN approvals_request r ON r.id = s.request_id
        WHERE s.id = NEW.stage_id AND s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_stagemember m
            WHERE m.stage_id = s.id AND m.left_at IS NULL AND m.person_id <> r.requester_id AND NOT EXISTS (
                SELECT FROM approvals_decision d
                WHERE d.request_id = s.request_id AND d.round = s.round AND d.voided_at IS NULL
                  AND m.person_id IN (d.person_id, d.on_behalf_of_id))))
    THEN
        RAISE EXCEPTION 'Whoever leaves a stage leaves it to somebody who may decide.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- A clock that fired had its effect. Whatever else becomes of a clock, its stage has its clocks.
CREATE FUNCTION approvals_timer_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT s.state, s.assigned_at, s.escalated_at, s.breached_at INTO v FROM approvals_stage s WHERE s.id = NEW.stage_id;
    IF v.state <> 'assigned' AND NEW.state IN ('fired', 'cancelled') THEN
        RETURN NULL;
    END IF;
    IF NEW.state = 'fired' AND NEW.kind <> 'resume' THEN
        IF v.assigned_at = NEW.starts_at AND (
            NEW.kind = 'escalate' AND v.escalated_at IS DISTINCT FROM NEW.due_at
            OR NEW.kind = 'breach' AND v.breached_at IS DISTINCT FROM NEW.due_at)
        THEN
            RAISE EXCEPTION 'A clock that fires has its effect.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END IF;
    PERFORM approvals_hold_stage(NEW.stage_id);
    RETURN NULL;
END $$;

-- The due time of a clock moves with its calendar, or by the time for which a question stopped it, and says so.
CREATE FUNCTION approvals_timer_moves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'fired' OR NEW.explanation = OLD.explanation OR NOT (
        NEW.calendar_version <> OLD.calendar_version
            AND EXISTS (SELECT FROM core_workcalendar c WHERE c.id = NEW.calendar_id AND c.version = NEW.calendar_version)
        OR EXISTS (SELECT FROM approvals_pause p WHERE p.stage_id = NEW.stage_id AND p.ended_at > NEW.starts_at))
    THEN
        RAISE EXCEPTION 'A due time moves with its calendar, or by what a question stopped, and says so.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_emergency_owes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF 9 > (SELECT count(*) FROM approvals_debt d JOIN approvals_debttimer t ON t.debt_id = d.id WHERE d.emergency_id = NEW.id)
    THEN
        RAISE EXCEPTION 'An emergency owes its three debts, each with its clocks.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_debt_timer_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM approvals_debt d WHERE d.id = NEW.debt_id AND (
            NEW.kind = 'breach' AND d.breached_at IS DISTINCT FROM NEW.due_at
            OR NEW.kind = 'escalate' AND d.escalated_at IS DISTINCT FROM NEW.due_at))
    THEN
        RAISE EXCEPTION 'A clock that fires has its effect.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- A round begins as its request is submitted, with what is asked then. Here what its person asked for on that day of the
-- organization is added up from lines, one submission of theirs at a time. Above the limit of the policy, the limit's role is
-- written down, and a stage of that role must be there in the end; where the limit names none, it goes no further: PU403.
CREATE FUNCTION approvals_begin_round() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
    v_day timestamp;
    v_total numeric;
BEGIN
    NEW.above_role := '';
    SELECT r.entity_id, r.requester_id, r.currency, r.subject_kind, r.submitted_at, e.time_zone,
           jsonb_path_query_first(p.document, '$.limits[*] ? (@.what == "per_day")') AS per_day INTO v
    FROM approvals_request r
    JOIN core_entity e ON e.id = r.entity_id JOIN approvals_policyversion p ON p.id = r.policy_version_id
    WHERE r.id = NEW.request_id AND r.state = 'submitted' AND r.round = NEW.number AND r.digest = NEW.digest
      AND r.policy_version_id = NEW.policy_version_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'A round begins as its request is submitted.' USING ERRCODE = 'check_violation';
    END IF;
    IF v.per_day IS NULL OR v.subject_kind <> 'spend'
        OR EXISTS (SELECT FROM approvals_emergency e WHERE e.request_id = NEW.request_id AND e.declared_at = v.submitted_at)
    THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(format('asking:%s:%s', v.entity_id, v.requester_id), 0));
    v_day := date_trunc('day', v.submitted_at AT TIME ZONE v.time_zone);
    SELECT sum(l.funds) INTO v_total
    FROM approvals_request o JOIN approvals_requestline l ON l.request_id = o.id
    WHERE o.requester_id = v.requester_id AND o.entity_id = v.entity_id AND o.currency = v.currency
      AND o.subject_kind = 'spend' AND o.state IN ('submitted', 'approved')
      AND o.submitted_at >= v_day AT TIME ZONE v.time_zone
      AND o.submitted_at < (v_day + interval '1 day') AT TIME ZONE v.time_zone;
    IF v_total <= (v.per_day->>'amount')::numeric THEN
        RETURN NEW;
    END IF;
    NEW.above_role := coalesce(v.per_day->>'above_needs', '');
    IF NEW.above_role = '' THEN
        RAISE EXCEPTION 'Above the limit a day.' USING ERRCODE = 'PU403', DETAIL = jsonb_build_object(
            'limit', 'per_day', 'most', v.per_day->>'amount', 'total', v_total::text, 'currency', v.currency)::text;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_above_is_asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_stage s
        WHERE s.request_id = NEW.request_id AND s.round = NEW.number AND s.role_code = NEW.above_role)
    THEN
        RAISE EXCEPTION 'Above the limit a day, and % is not asked.', NEW.above_role
            USING ERRCODE = 'PU403', DETAIL = jsonb_build_object('limit', 'per_day', 'needs', NEW.above_role)::text;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER request_is_before_somebody AFTER UPDATE ON approvals_request DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.round <> NEW.round) EXECUTE FUNCTION approvals_request_stands();
CREATE CONSTRAINT TRIGGER stage_has_owner_and_clocks AFTER UPDATE ON approvals_stage DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.state, OLD.owner_id, OLD.assigned_at, OLD.due_at, OLD.paused_at) IS DISTINCT FROM
                       (NEW.state, NEW.owner_id, NEW.assigned_at, NEW.due_at, NEW.paused_at))
    EXECUTE FUNCTION approvals_stage_stands();
CREATE CONSTRAINT TRIGGER somebody_stays AFTER UPDATE ON approvals_stagemember DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.left_at IS NULL AND NEW.left_at IS NOT NULL) EXECUTE FUNCTION approvals_somebody_stays();
CREATE CONSTRAINT TRIGGER timer_has_its_effect AFTER UPDATE ON approvals_timer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.due_at <> NEW.due_at) EXECUTE FUNCTION approvals_timer_stands();
CREATE TRIGGER timer_moves_for_a_reason BEFORE UPDATE ON approvals_timer
    FOR EACH ROW WHEN (OLD.due_at <> NEW.due_at) EXECUTE FUNCTION approvals_timer_moves();
CREATE CONSTRAINT TRIGGER question_stops_no_clock_for_good_new AFTER INSERT ON approvals_question DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.pauses) EXECUTE FUNCTION approvals_its_stage_stands();
CREATE CONSTRAINT TRIGGER question_stops_no_clock_for_good AFTER UPDATE ON approvals_question DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.pauses AND OLD.state <> NEW.state) EXECUTE FUNCTION approvals_its_stage_stands();
CREATE TRIGGER pause_begins_with_its_question BEFORE INSERT ON approvals_pause
    FOR EACH ROW EXECUTE FUNCTION approvals_pause_by_question();
CREATE CONSTRAINT TRIGGER pause_is_its_stages AFTER INSERT OR UPDATE ON approvals_pause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION approvals_its_stage_stands();
CREATE CONSTRAINT TRIGGER emergency_owes AFTER INSERT ON approvals_emergency DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION approvals_emergency_owes();
CREATE CONSTRAINT TRIGGER debt_timer_has_its_effect AFTER UPDATE ON approvals_debttimer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.fired_at IS NOT NULL AND OLD.fired_at IS NULL) EXECUTE FUNCTION approvals_debt_timer_stands();
CREATE TRIGGER limit_of_a_day BEFORE INSERT ON approvals_round
    FOR EACH ROW EXECUTE FUNCTION approvals_begin_round();
CREATE CONSTRAINT TRIGGER limit_of_a_day_is_asked AFTER INSERT ON approvals_round DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.above_role <> '') EXECUTE FUNCTION approvals_above_is_asked();
