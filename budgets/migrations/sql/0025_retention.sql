-- Budget files that waited for signatures, and the reckoning of projections, as far as they are still kept, and how each goes. Versions,
-- lines and what a projection came to stay. See core/migrations/sql/0014_retention.sql.
CREATE VIEW budgets_kept_file WITH (security_invoker = true) AS
SELECT b.entity_id, v.id AS subject_id, 'planning'::text AS kind,
       b.code || ', version ' || v.number AS name, octet_length(v.document)::bigint AS size,
       encode(sha256(convert_to(v.document, 'UTF8')), 'hex') AS sha256, b.ends_on AS dated_on,
       CASE WHEN v.state IN ('draft', 'scheduled') THEN 'Its version is not in force yet.' ELSE '' END AS waits
FROM budgets_budgetversion v JOIN budgets_budget b ON b.id = v.budget_id
WHERE v.document <> '';

CREATE FUNCTION budgets_file_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('budgets_kept_file', NEW);
    UPDATE budgets_budgetversion SET document = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER budget_files_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'budget_files') EXECUTE FUNCTION budgets_file_goes();

-- The reckoning as one text: its parts in their order, and what the shares rest on.
CREATE VIEW budgets_kept_projection WITH (security_invoker = true) AS
SELECT k.entity_id, k.subject_id, 'optimization'::text AS kind, k.name, octet_length(k.reckoning)::bigint AS size,
       encode(sha256(convert_to(k.reckoning, 'UTF8')), 'hex') AS sha256, k.dated_on, ''::text AS waits
FROM (SELECT p.entity_id, p.id AS subject_id,
             p.name || ', ' || p.horizon_months || ' months, number ' || p.number AS name,
             (p.base_month + make_interval(months => p.horizon_months + 1) - interval '1 day')::date AS dated_on,
             string_agg(concat_ws('|', part.position, part.name, part.base, part.growth_pct, part.reduction_pct, part.grown,
                                  part.projected), E'\n' ORDER BY part.position) || E'\n' || p.reasons AS reckoning
      FROM budgets_projection p JOIN budgets_projectionpart part ON part.projection_id = p.id
      GROUP BY p.id) k;

CREATE FUNCTION budgets_projection_goes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM core_refuse_removal_unless('budgets_kept_projection', NEW);
    DELETE FROM budgets_projectionpart WHERE projection_id = NEW.subject_id;
    UPDATE budgets_projection SET reasons = '' WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER projections_go AFTER INSERT ON core_removeddocument
    FOR EACH ROW WHEN (NEW.records = 'projections') EXECUTE FUNCTION budgets_projection_goes();
