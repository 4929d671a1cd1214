-- A clock goes by the calendar of the organization, or by the one that a person of its stage works by when it begins to count. It turns
-- to another only as somebody comes to the stage, from that moment on, with a share of what was left.
CREATE FUNCTION approvals_timer_by_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_since timestamptz := coalesce(NEW.runs_from, NEW.starts_at);
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.runs_from IS NULL OR NEW.runs_from < coalesce(OLD.runs_from, OLD.starts_at)
        OR OLD.state NOT IN ('pending', 'paused') OR NEW.share > 1 OR NOT EXISTS (
            SELECT FROM approvals_stagemember m WHERE m.stage_id = NEW.stage_id AND m.added_at = NEW.runs_from))
    THEN
        RAISE EXCEPTION 'A clock turns to another calendar as its stage comes to somebody else.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.whose_id IS NULL AND NEW.calendar_id IS DISTINCT FROM (
        SELECT e.calendar_id FROM approvals_stage s
        JOIN approvals_request r ON r.id = s.request_id JOIN core_entity e ON e.id = r.entity_id WHERE s.id = NEW.stage_id)
      OR NEW.whose_id IS NOT NULL AND NEW.calendar_id IS DISTINCT FROM (
        SELECT p.calendar_id FROM core_personcalendar p LEFT JOIN core_workcalendar c ON c.id = p.calendar_id
        WHERE p.person_id = NEW.whose_id
          AND (p.valid_from::timestamp AT TIME ZONE coalesce(c.time_zone, 'UTC')) <= v_since
        ORDER BY p.valid_from DESC LIMIT 1)
    THEN
        RAISE EXCEPTION 'A clock goes by the calendar of its owner, or of the organization.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER timer_by_owner_new BEFORE INSERT ON approvals_timer
    FOR EACH ROW EXECUTE FUNCTION approvals_timer_by_owner();
CREATE TRIGGER timer_by_owner BEFORE UPDATE ON approvals_timer
    FOR EACH ROW WHEN ((OLD.calendar_id, OLD.whose_id, OLD.runs_from, OLD.share)
                       IS DISTINCT FROM (NEW.calendar_id, NEW.whose_id, NEW.runs_from, NEW.share))
    EXECUTE FUNCTION approvals_timer_by_owner();

-- Whoever's calendar counts is, or was, somebody whom the stage asks: they are written after their clocks.
CREATE FUNCTION approvals_timer_of_somebody_asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_stagemember m WHERE m.stage_id = NEW.stage_id AND m.person_id = NEW.whose_id AND m.capacity <> 'backup')
    THEN
        RAISE EXCEPTION 'A clock goes by the calendar of somebody whom its stage asks.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER timer_of_somebody_asked AFTER INSERT OR UPDATE OF whose_id ON approvals_timer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.whose_id IS NOT NULL) EXECUTE FUNCTION approvals_timer_of_somebody_asked();

-- The due time of a clock moves with its calendar, by the time for which a question stopped it, or as it turns to another calendar,
-- and says so.
CREATE OR REPLACE FUNCTION approvals_timer_moves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'fired' OR NEW.explanation = OLD.explanation OR NOT (
        NEW.calendar_version <> OLD.calendar_version
            AND EXISTS (SELECT FROM core_workcalendar c WHERE c.id = NEW.calendar_id AND c.version = NEW.calendar_version)
        -- Another calendar, which `timer_by_owner` looks at.
        OR NEW.calendar_id <> OLD.calendar_id
        OR EXISTS (SELECT FROM approvals_pause p WHERE p.stage_id = NEW.stage_id AND p.ended_at > NEW.starts_at))
    THEN
        RAISE EXCEPTION 'A due time moves with its calendar, or by what a question stopped, and says so.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
