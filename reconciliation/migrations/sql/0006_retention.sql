-- Imported files with the cells of their rows, as far as they are still kept, and how one goes: its counts, its totals, what each row
-- came to and where it was posted stay. See core/migrations/sql/0014_retention.sql.
CREATE VIEW reconciliation_kept_import WITH (security_invoker = true) AS
SELECT k.entity_id, k.subject_id, 'financial'::text AS kind, k.name, k.size, k.sha256, k.dated_on,
       CASE WHEN k.state NOT IN ('done', 'refused') THEN 'It is not imported yet.'
            WHEN k.quarantined > 0 THEN 'Rows of it wait in quarantine.'
            WHEN EXISTS (SELECT FROM budgets_period p
                         WHERE p.entity_id = k.entity_id AND p.state = 'open' AND p.month <= k.dated_on) THEN 'Its month is open.'
            ELSE '' END AS waits
FROM (SELECT s.entity_id, f.id AS subject_id, f.name::text AS name, f.size::bigint AS size, f.sha256::text AS sha256,
             greatest(f.last_on, (f.received_at AT TIME ZONE e.time_zone)::date) AS dated_on,
             f.state, f.quarantined
      FROM reconciliation_importfile f JOIN reconciliation_source s ON s.id = f.source_id JOIN core_entity e ON e.id = s.entity_id
      WHERE f.content <> '') k;

CREATE FUNCTION reconciliation_import_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('reconciliation_kept_import', NEW);
    INSERT INTO core_discardedfile (name, discarded_at)
    SELECT f.content, NEW.removed_at FROM reconciliation_importfile f WHERE f.id = NEW.subject_id;
    UPDATE reconciliation_rawrow SET payload = '{}', fields = '{}', fixes = '{}' WHERE import_file_id = NEW.subject_id;
    UPDATE reconciliation_importfile SET content = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER imports_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'imports') EXECUTE FUNCTION reconciliation_import_goes();
