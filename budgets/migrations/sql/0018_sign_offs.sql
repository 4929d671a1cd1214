-- What a version plans and states, in one text: with anything changed in it, it is another one.
CREATE OR REPLACE FUNCTION budgets_version_digest(p_version bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_object(
        'budget', v.budget_id, 'number', v.number, 'total', v.total, 'from', v.effective_on, 'based_on', v.based_on_id,
        'sign_off', v.sign_off, 'document', v.document,
        'categories', (
            SELECT jsonb_agg(jsonb_build_array(c.category_id, c.amount, c.variance_threshold) ORDER BY c.category_id)
            FROM budgets_budgetcategory c WHERE c.version_id = v.id),
        'lines', (
            SELECT jsonb_agg(jsonb_build_array(l.category_id, l.cost_centre_id, l.name, l.amount, l.amount_high, (
                SELECT jsonb_agg(jsonb_build_array(m.month, m.amount) ORDER BY m.month)
                FROM budgets_budgetlinemonth m WHERE m.line_id = l.id))
                ORDER BY l.category_id, l.cost_centre_id, l.name COLLATE "C")
            FROM budgets_budgetline l WHERE l.version_id = v.id)
    )::text, 'UTF8')), 'hex')
    FROM budgets_budgetversion v WHERE v.id = p_version
$$;

-- A version needs to be signed where it says so itself, or the one in force before it does.
CREATE OR REPLACE FUNCTION budgets_needs_sign_off(p_version bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT v.sign_off OR COALESCE((
        SELECT o.sign_off FROM budgets_budgetversion o
        WHERE o.budget_id = v.budget_id AND o.id <> v.id AND o.state IN ('in_force', 'superseded')
        ORDER BY o.in_force_at DESC NULLS LAST, o.number DESC LIMIT 1), false)
    FROM budgets_budgetversion v WHERE v.id = p_version
$$;

CREATE OR REPLACE FUNCTION budgets_is_signed(p_version bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT s.side) = 2 AND count(DISTINCT s.person_id) = 2
    FROM budgets_versionsignoff s WHERE s.version_id = p_version AND s.digest = budgets_version_digest(p_version)
$$;
