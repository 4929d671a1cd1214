-- The folded number of a row's document is one of its cells, and goes with them. The rest is as in 0006_retention.sql.
CREATE OR REPLACE FUNCTION reconciliation_import_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('reconciliation_kept_import', NEW);
    INSERT INTO core_discardedfile (name, discarded_at)
    SELECT f.content, NEW.removed_at FROM reconciliation_importfile f WHERE f.id = NEW.subject_id;
    UPDATE reconciliation_rawrow SET payload = '{}', fields = '{}', fixes = '{}', number_key = '' WHERE import_file_id = NEW.subject_id;
    UPDATE reconciliation_importfile SET content = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
