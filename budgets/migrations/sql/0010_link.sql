-- What a link of an account's chain is the hash of, besides the link before: the journal's head, which account it is, and its
-- entries there, as JSON text of strings, so that no delimiter can be forged. docs/verify.md gives the form to whoever verifies
-- it outside. Journals keep the form they were written in.
CREATE FUNCTION budgets_link_text(p_journal bigint, p_account bigint, p_seq bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
    SELECT CASE j.form WHEN 1 THEN
        jsonb_build_array('v1', p_account::text, p_seq::text, j.id::text, j.key, encode(j.digest, 'hex'), j.kind, j.entity_id::text,
            coalesce(j.actor_id::text, ''), j.source_type, j.source_id, coalesce(j.reverses_id::text, ''), j.is_fact::text, j.memo,
            j.correlation_id, to_char(j.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), (
                SELECT jsonb_agg(jsonb_build_array(e.number::text, to_char(e.month, 'YYYY-MM-DD'), e.bucket,
                                                   trim_scale(e.amount)::text, e.thread, e.memo) ORDER BY e.number)
                FROM budgets_entry e WHERE e.journal_id = p_journal AND e.account_id = p_account))::text
    ELSE
        jsonb_build_array('v2', p_account::text, p_seq::text, (
                SELECT jsonb_build_array(a.budget_id::text, a.cost_centre_id::text, a.category_id::text, a.currency)
                FROM budgets_fundsaccount a WHERE a.id = p_account),
            j.id::text, j.key, encode(j.digest, 'hex'), j.kind, j.entity_id::text,
            coalesce(j.actor_id::text, ''), j.source_type, j.source_id, coalesce(j.reverses_id::text, ''),
            coalesce(j.settles_id::text, ''), j.is_fact::text, j.is_override::text, j.memo,
            j.correlation_id, to_char(j.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), (
                SELECT jsonb_agg(jsonb_build_array(e.number::text, to_char(e.month, 'YYYY-MM-DD'), e.bucket,
                                                   trim_scale(e.amount)::text, e.thread, e.memo,
                                                   trim_scale(e.rate)::text, trim_scale(e.pooled)::text) ORDER BY e.number)
                FROM budgets_entry e WHERE e.journal_id = p_journal AND e.account_id = p_account))::text
    END
    FROM budgets_journal j WHERE j.id = p_journal
    );
END $$;
