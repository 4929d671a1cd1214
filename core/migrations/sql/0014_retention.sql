-- What is still within its years, or withheld, is not removed, whoever writes the record; and a record is the removal.

-- What concerns the records of an organization happens one after the other: a hold that was placed is seen by each later removal.
CREATE FUNCTION core_one_retention(p_entity bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT pg_advisory_xact_lock(8203, p_entity::integer)
$$;

CREATE FUNCTION core_hold_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_one_retention(NEW.entity_id);
    RETURN NEW;
END $$;
CREATE TRIGGER one_retention BEFORE INSERT ON core_retentionhold FOR EACH ROW EXECUTE FUNCTION core_hold_waits();

CREATE FUNCTION core_period_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_one_retention(NEW.entity_id);
    IF NEW.number <> 1 + coalesce((
        SELECT max(p.number) FROM core_retentionperiod p WHERE p.entity_id = NEW.entity_id AND p.kind = NEW.kind), 0)
    THEN
        RAISE EXCEPTION 'Retention periods are numbered one after another.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_after_another BEFORE INSERT ON core_retentionperiod FOR EACH ROW EXECUTE FUNCTION core_period_follows();

-- The years where an organization stated none: core.rules.retention.YEARS, which a test holds this to.
CREATE FUNCTION core_retention_years(p_entity bigint, p_kind text) RETURNS integer
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT p.years::integer FROM core_retentionperiod p
         WHERE p.entity_id = p_entity AND p.kind = p_kind ORDER BY p.number DESC LIMIT 1),
        CASE p_kind WHEN 'financial' THEN 7 WHEN 'planning' THEN 5 WHEN 'optimization' THEN 3 WHEN 'reports' THEN 2 END)
$$;

-- The last day of a retention period: whole fiscal years after the one that the day belongs to.
CREATE FUNCTION core_kept_until(p_entity bigint, p_kind text, p_day date) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT (make_date(extract(year FROM p_day)::integer
                      - CASE WHEN extract(month FROM p_day) < e.fiscal_year_start_month THEN 1 ELSE 0 END,
                      e.fiscal_year_start_month, 1)
            + make_interval(years => 1 + core_retention_years(e.id, p_kind)) - interval '1 day')::date
    FROM core_entity e WHERE e.id = p_entity
$$;

CREATE FUNCTION core_removal_may() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    org core_entity%ROWTYPE;
BEGIN
    SELECT e.* INTO org FROM core_retentionrun r JOIN core_entity e ON e.id = r.entity_id
    WHERE r.id = NEW.run_id AND r.finished_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'A document is removed by a removal that is under way.' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM core_one_retention(org.id);
    IF NEW.kept_until IS DISTINCT FROM core_kept_until(org.id, NEW.kind, NEW.dated_on)
       OR NEW.kept_until >= (clock_timestamp() AT TIME ZONE org.time_zone)::date
    THEN
        RAISE EXCEPTION 'This document is kept until %.', core_kept_until(org.id, NEW.kind, NEW.dated_on)
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM core_retentionhold h
               WHERE h.entity_id = org.id AND h.lifted_at IS NULL AND h.kind IN ('', NEW.kind))
    THEN
        RAISE EXCEPTION 'A hold withholds this document from removal.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER past_its_years BEFORE INSERT ON core_removeddocument FOR EACH ROW EXECUTE FUNCTION core_removal_may();

-- For the rooms: a record says what is there, and what is there may go. `p_kept` is the view of what the room keeps.
CREATE FUNCTION core_refuse_removal_unless(p_kept regclass, p_row core_removeddocument) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    may boolean;
BEGIN
    EXECUTE format(
        'SELECT true FROM %s k JOIN core_retentionrun r ON r.id = $2 AND r.entity_id = k.entity_id '
        'WHERE k.subject_id = $1 AND (k.kind, k.name, k.size, k.sha256, k.dated_on) = ($3, $4, $5, $6, $7) AND k.waits = ''''', p_kept)
    INTO may USING p_row.subject_id, p_row.run_id, p_row.kind, p_row.name, p_row.size, p_row.sha256, p_row.dated_on;
    IF may IS NULL THEN
        RAISE EXCEPTION 'There is no such document, or it may not go yet: %.', p_row.name USING ERRCODE = 'check_violation';
    END IF;
END $$;
