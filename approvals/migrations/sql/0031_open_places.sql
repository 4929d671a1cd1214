-- Who stands before a stage that waits. A person's queue begins here: of all the stages before which somebody ever stood, the few
-- that are open. A row comes with the stage's turn or with the person, and goes with either.
CREATE FUNCTION approvals_keep_open_places() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM approvals_openplace WHERE stage_id = NEW.id;
    IF NEW.state = 'assigned' THEN
        INSERT INTO approvals_openplace (stage_id, person_id)
        SELECT m.stage_id, m.person_id FROM approvals_stagemember m WHERE m.stage_id = NEW.id AND m.left_at IS NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_keep_open_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.left_at IS NOT NULL THEN
        DELETE FROM approvals_openplace WHERE stage_id = NEW.stage_id AND person_id = NEW.person_id;
        RETURN NULL;
    END IF;
    -- Whoever ends the stage at this moment is waited for: a place that came in between would never go.
    PERFORM FROM approvals_stage s WHERE s.id = NEW.stage_id AND s.state = 'assigned' FOR SHARE;
    IF FOUND THEN
        INSERT INTO approvals_openplace (stage_id, person_id) VALUES (NEW.stage_id, NEW.person_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_open_places AFTER UPDATE OF state ON approvals_stage
    FOR EACH ROW WHEN ((OLD.state = 'assigned') <> (NEW.state = 'assigned')) EXECUTE FUNCTION approvals_keep_open_places();
CREATE TRIGGER keep_open_place AFTER INSERT OR UPDATE OF left_at ON approvals_stagemember
    FOR EACH ROW EXECUTE FUNCTION approvals_keep_open_place();

INSERT INTO approvals_openplace (stage_id, person_id)
SELECT m.stage_id, m.person_id FROM approvals_stagemember m JOIN approvals_stage s ON s.id = m.stage_id
WHERE s.state = 'assigned' AND m.left_at IS NULL ORDER BY m.person_id, m.stage_id;
