-- What a request's page must know before it asks for more: which parts there are, what its requester was promised, who of those it
-- waits for is away and how their due times came about. One call whose plans the session keeps. It reads as whoever calls it: the
-- walls hold within.
CREATE FUNCTION approvals_told_of_request(p_request bigint, p_round integer, p_entity bigint, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN jsonb_build_object(
        'attachments', EXISTS (SELECT FROM approvals_attachment x WHERE x.request_id = p_request),
        'comments', EXISTS (SELECT FROM approvals_comment x WHERE x.request_id = p_request),
        'decisions', EXISTS (SELECT FROM approvals_decision x WHERE x.request_id = p_request),
        'by_policy', EXISTS (
            SELECT FROM approvals_decision x WHERE x.request_id = p_request AND x.round = p_round AND x.rule_id IS NOT NULL),
        'questions', EXISTS (
            SELECT FROM approvals_question x JOIN approvals_stage s ON s.id = x.stage_id WHERE s.request_id = p_request),
        'attributes', EXISTS (SELECT FROM approvals_requestattribute x WHERE x.subject_id = p_request)
            OR EXISTS (SELECT FROM budgets_attribute x WHERE x.entity_id = p_entity AND x.kind = 'request'),
        'promise', (
            SELECT jsonb_build_object('at', x.promised_at, 'by', x.promised_by, 'ended', x.ended_at, 'outcome', x.outcome)
            FROM approvals_round x WHERE x.request_id = p_request AND x.number = p_round AND x.promised_at IS NOT NULL),
        'waiting', coalesce((
            SELECT jsonb_object_agg(s.id, jsonb_build_object(
                'is_away', EXISTS (
                    SELECT FROM approvals_delegation x
                    WHERE x.entity_id = p_entity AND x.person_id = s.owner_id AND x.starts_at <= p_now AND x.ends_at > p_now),
                'clock', (
                    SELECT jsonb_build_object('calendar', x.calendar_id, 'version', x.calendar_version, 'words', x.explanation)
                    FROM approvals_timer x
                    WHERE x.stage_id = s.id AND x.kind = 'breach' AND x.starts_at = s.assigned_at AND x.state <> 'cancelled'
                    ORDER BY x.id LIMIT 1)))
            FROM approvals_stage s WHERE s.request_id = p_request AND s.state = 'assigned'), '{}'));
END $$;
