-- Packs and the PDFs of statements, as far as they are still kept, and how each goes. See core/migrations/sql/0014_retention.sql.
CREATE VIEW reporting_kept_pack WITH (security_invoker = true) AS
SELECT b.entity_id, p.id AS subject_id, 'reports'::text AS kind,
       b.code || '-' || to_char(p.month, 'YYYY-MM') || '-issue-' || p.issue AS name,
       (octet_length(p.snapshot) + coalesce(f.size, 0))::bigint AS size, p.snapshot_sha256::text AS sha256,
       (p.month + interval '1 month' - interval '1 day')::date AS dated_on, ''::text AS waits
FROM reporting_pack p JOIN budgets_budget b ON b.id = p.budget_id LEFT JOIN reporting_packfile f ON f.pack_id = p.id
WHERE p.snapshot <> '';

CREATE FUNCTION reporting_pack_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('reporting_kept_pack', NEW);
    UPDATE reporting_packfile SET content = '\x'::bytea WHERE pack_id = NEW.subject_id;
    UPDATE reporting_pack SET snapshot = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER packs_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'packs') EXECUTE FUNCTION reporting_pack_goes();

CREATE VIEW reporting_kept_statement_file WITH (security_invoker = true) AS
SELECT r.entity_id, f.id AS subject_id, 'financial'::text AS kind,
       'chargeback-' || to_char(r.month, 'YYYY-MM') || '-' || c.code || '-' || left(f.said_sha256, 8) || '.pdf' AS name,
       f.size::bigint AS size, f.sha256::text AS sha256,
       (r.month + interval '1 month' - interval '1 day')::date AS dated_on,
       CASE WHEN r.state IN ('draft', 'review') THEN 'Its chargeback is not posted yet.' ELSE '' END AS waits
FROM reporting_statementfile f JOIN budgets_chargebackstatement s ON s.id = f.statement_id
  JOIN budgets_chargebackrun r ON r.id = s.run_id JOIN budgets_costcentre c ON c.id = s.receiver_id
WHERE octet_length(f.content) > 0;

CREATE FUNCTION reporting_statement_file_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('reporting_kept_statement_file', NEW);
    UPDATE reporting_statementfile SET content = '\x'::bytea WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER statement_files_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'statement_files') EXECUTE FUNCTION reporting_statement_file_goes();
