-- What is called off a contract. A request that names one is money for its vendor, in its currency, of its organization, and the
-- contract is approved: its approval is not taken back while what was called off counts. Both sides take the contract's row first, so that one sees
-- what the other did.
CREATE FUNCTION approvals_call_off_names_contract() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM approvals_contract c WHERE c.id = NEW.under_contract_id FOR NO KEY UPDATE;
    IF NEW.subject_kind <> 'spend' OR NOT EXISTS (
        SELECT FROM approvals_contract c JOIN approvals_request r ON r.id = c.request_id
        WHERE c.id = NEW.under_contract_id AND r.state = 'approved' AND r.subject_kind = 'contract'
          AND r.entity_id = NEW.entity_id AND r.vendor_id = NEW.vendor_id AND r.currency = NEW.currency)
    THEN
        RAISE EXCEPTION 'A request is called off an approved contract of its organization, with its vendor, in its currency.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_contract_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM approvals_contract c WHERE c.request_id = NEW.id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM approvals_request o JOIN approvals_contract c ON c.id = o.under_contract_id
        WHERE c.request_id = NEW.id AND o.state IN ('submitted', 'approved'))
    THEN
        RAISE EXCEPTION 'A contract from which something is called off waits for no decision again.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- A round begins with what its request calls off: together with what else was called off, and with what the contract committed itself,
-- it keeps to the contract's value, and its months to the term. Beyond either the role that the policy names is written down, and a
-- stage of that role must be there in the end; where it names none, it goes no further: PU403. An emergency is committed on
-- somebody's word.
CREATE FUNCTION approvals_round_keeps_to_contract() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
    v_used numeric;
    v_outside boolean;
BEGIN
    NEW.beyond_contract_role := '';
    SELECT c.id, c.request_id, c.total_value, c.from_on, c.until_on, r.currency,
           jsonb_path_query_first(p.document, '$.limits[*] ? (@.what == "contract")') ->> 'above_needs' AS needs INTO v
    FROM approvals_request r
    JOIN approvals_contract c ON c.id = r.under_contract_id JOIN approvals_policyversion p ON p.id = NEW.policy_version_id
    WHERE r.id = NEW.request_id
      AND NOT EXISTS (SELECT FROM approvals_emergency e WHERE e.request_id = r.id AND e.declared_at = r.submitted_at);
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM approvals_contract c WHERE c.id = v.id FOR NO KEY UPDATE;
    SELECT sum(l.net) INTO v_used
    FROM approvals_request o JOIN approvals_requestline l ON l.request_id = o.id
    WHERE o.id = v.request_id OR o.under_contract_id = v.id AND o.state IN ('submitted', 'approved');
    v_outside := EXISTS (
        SELECT FROM approvals_requestline l
        WHERE l.request_id = NEW.request_id AND (l.month < date_trunc('month', v.from_on) OR l.month > v.until_on));
    IF v_used <= v.total_value AND NOT v_outside THEN
        RETURN NEW;
    END IF;
    NEW.beyond_contract_role := coalesce(v.needs, '');
    IF NEW.beyond_contract_role = '' THEN
        RAISE EXCEPTION 'Beyond its contract.' USING ERRCODE = 'PU403', DETAIL = jsonb_build_object(
            'limit', 'contract', 'most', v.total_value::text, 'total', v_used::text, 'outside', v_outside,
            'currency', v.currency)::text;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_beyond_contract_is_asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_stage s
        WHERE s.request_id = NEW.request_id AND s.round = NEW.number AND s.role_code = NEW.beyond_contract_role)
    THEN
        RAISE EXCEPTION 'Beyond its contract, and % is not asked.', NEW.beyond_contract_role
            USING ERRCODE = 'PU403', DETAIL = jsonb_build_object('limit', 'contract', 'needs', NEW.beyond_contract_role)::text;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER call_off_names_contract BEFORE UPDATE ON approvals_request
    FOR EACH ROW WHEN (NEW.under_contract_id IS NOT NULL AND OLD.state IN ('draft', 'returned') AND NEW.state = 'submitted')
    EXECUTE FUNCTION approvals_call_off_names_contract();
CREATE TRIGGER contract_with_call_offs_stands BEFORE UPDATE ON approvals_request
    FOR EACH ROW WHEN (NEW.subject_kind = 'contract' AND OLD.state = 'approved' AND NEW.state = 'submitted')
    EXECUTE FUNCTION approvals_contract_stands();
CREATE TRIGGER round_keeps_to_contract BEFORE INSERT ON approvals_round
    FOR EACH ROW EXECUTE FUNCTION approvals_round_keeps_to_contract();
CREATE CONSTRAINT TRIGGER beyond_contract_is_asked AFTER INSERT ON approvals_round DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.beyond_contract_role <> '') EXECUTE FUNCTION approvals_beyond_contract_is_asked();
