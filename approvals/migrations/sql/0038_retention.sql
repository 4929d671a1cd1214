-- Files of requests, as far as they are still kept, and how one goes: its name, its size and its hash, which receipts bear, stay.
-- See core/migrations/sql/0014_retention.sql.
CREATE VIEW approvals_kept_attachment WITH (security_invoker = true) AS
SELECT r.entity_id, a.id AS subject_id,
       CASE WHEN r.subject_kind IN ('amendment', 'virement', 'advance', 'override', 'reserve_draw') THEN 'planning'
            ELSE 'financial' END AS kind,
       a.name::text AS name, a.size::bigint AS size, a.sha256::text AS sha256,
       (greatest(a.uploaded_at, r.submitted_at, r.decided_at) AT TIME ZONE e.time_zone)::date AS dated_on,
       CASE WHEN r.state = 'submitted' THEN 'Its request waits for a decision.'
            WHEN r.state IN ('draft', 'returned') THEN 'Its request is with its requester.'
            WHEN EXISTS (SELECT FROM approvals_requestline l JOIN budgets_openhold h ON h.thread = 'request-line:' || l.id
                         WHERE l.request_id = r.id) THEN 'Its request still holds money.'
            ELSE '' END AS waits
FROM approvals_attachment a JOIN approvals_request r ON r.id = a.request_id JOIN core_entity e ON e.id = r.entity_id
WHERE a.file <> '';

CREATE FUNCTION approvals_attachment_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('approvals_kept_attachment', NEW);
    INSERT INTO core_discardedfile (name, discarded_at)
    SELECT a.file, NEW.removed_at FROM approvals_attachment a WHERE a.id = NEW.subject_id;
    UPDATE approvals_attachment SET file = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER attachments_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'attachments') EXECUTE FUNCTION approvals_attachment_goes();
