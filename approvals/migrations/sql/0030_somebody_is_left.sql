-- A stage that still waits after a decision waits for somebody: not for whoever asked, nor only for those who have decided in this
-- round. Looked at as the transaction ends, since a decision and what comes of it are several statements.
CREATE FUNCTION approvals_somebody_is_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM approvals_request r WHERE r.id = NEW.request_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM approvals_stage s JOIN approvals_request r ON r.id = s.request_id
        WHERE s.id = NEW.stage_id AND s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_stagemember m
            WHERE m.stage_id = s.id AND m.left_at IS NULL AND m.person_id <> r.requester_id AND NOT EXISTS (
                SELECT FROM approvals_decision d
                WHERE d.request_id = s.request_id AND d.round = s.round AND d.voided_at IS NULL
                  AND m.person_id IN (d.person_id, d.on_behalf_of_id))))
    THEN
        RAISE EXCEPTION 'A stage that still waits after a decision waits for somebody who may decide.'
            USING ERRCODE = 'check_violation', DETAIL = jsonb_build_object('stage', NEW.stage_id)::text;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER somebody_is_left AFTER INSERT ON approvals_decision DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.stage_id IS NOT NULL AND NEW.stands_from_id IS NULL) EXECUTE FUNCTION approvals_somebody_is_left();
