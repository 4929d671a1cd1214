"""When a stage, and what was decided on it, stand from the round before: what the database asks of such rows."""

# What `approvals/rules/grounds.py` says in Python. `a` is the round before, `b` the present one. A line that asks for nothing net
# is none, so a place that was not there before has nothing that could cover it.
COVERS = """
    a.content - ARRAY['title', 'reason', 'amount', 'monthly_increase', 'lines']
      = b.content - ARRAY['title', 'reason', 'amount', 'monthly_increase', 'lines']
    AND (a.digest = b.digest OR NOT a.content ? 'terms')
    AND (a.content ->> 'monthly_increase' = '') = (b.content ->> 'monthly_increase' = '')
    AND COALESCE(NULLIF(b.content ->> 'monthly_increase', '')::numeric, 0)
      <= COALESCE(NULLIF(a.content ->> 'monthly_increase', '')::numeric, 0)
    AND (b.content ->> 'amount')::numeric <= (a.content ->> 'amount')::numeric
    AND NOT EXISTS (
        SELECT FROM (
            SELECT l ->> 'account' AS account, l ->> 'month' AS month, sum((l ->> 'net')::numeric) AS net,
                sum((l ->> 'net')::numeric + (l ->> 'vat')::numeric - (l ->> 'recoverable')::numeric) AS funds
            FROM jsonb_array_elements(b.content -> 'lines') l GROUP BY 1, 2) n
        LEFT JOIN (
            SELECT l ->> 'account' AS account, l ->> 'month' AS month, sum((l ->> 'net')::numeric) AS net,
                sum((l ->> 'net')::numeric + (l ->> 'vat')::numeric - (l ->> 'recoverable')::numeric) AS funds
            FROM jsonb_array_elements(a.content -> 'lines') l GROUP BY 1, 2) o USING (account, month)
        WHERE o.account IS NULL OR n.net > o.net OR n.funds > o.funds)
"""

# A stage is born standing only where the policy says so, by the same rule of the same version, as the same step of it, on covered
# ground, and where the risk is no higher than it was shown.
STAGE_STANDS = f"""
    IF NOT EXISTS (
        SELECT FROM approvals_stage o
        JOIN approvals_request r ON r.id = o.request_id
        JOIN approvals_round a ON a.request_id = o.request_id AND a.number = o.round
        JOIN approvals_round b ON b.request_id = o.request_id AND b.number = NEW.round
        JOIN approvals_policyversion v ON v.id = b.policy_version_id
        WHERE o.id = NEW.stands_from_id AND o.request_id = NEW.request_id AND o.round = NEW.round - 1 AND o.state = 'approved'
          AND (o.number, o."group", o.name, o.role_code, o.backup_role_code, o.quorum, o.by_meeting, o.by_limit, o.needed)
            = (NEW.number, NEW."group", NEW.name, NEW.role_code, NEW.backup_role_code, NEW.quorum, NEW.by_meeting, NEW.by_limit,
               NEW.needed)
          AND o.committee_version_id IS NOT DISTINCT FROM NEW.committee_version_id
          AND r.state = 'submitted' AND r.round = NEW.round AND r.digest = b.digest
          AND a.outcome = 'returned' AND a.policy_version_id = b.policy_version_id AND a.rule_position = b.rule_position
          AND v.document ->> 'reask' = 'changed'
          AND (b.risk_score IS NULL OR b.risk_score <= a.risk_score)
          AND ({COVERS}))
    THEN
        RAISE EXCEPTION 'A stage stands from the round before only as the policy says, and where nothing more is asked for.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608  the words are ours

# It ends as approved without being asked: by as many approvals as it needs, each of which stands too.
STAGE_ENDS_STANDING = """
    IF NEW.stands_from_id IS NULL OR NEW.needed > (
        SELECT count(*) FROM approvals_decision d
        WHERE d.stage_id = NEW.id AND d.verdict = 'approve' AND d.voided_at IS NULL AND d.stands_from_id IS NOT NULL)
    THEN
        RAISE EXCEPTION 'A stage that nobody is asked about stands only by what was approved before.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# An approval stands as it was made, on a stage that stands, bound to what that stage was found to cover.
DECISION_STANDS = """
    IF NOT EXISTS (
        SELECT FROM approvals_stage s
        JOIN approvals_request r ON r.id = s.request_id
        JOIN approvals_decision o ON o.id = NEW.stands_from_id AND o.stage_id = s.stands_from_id
        WHERE s.id = NEW.stage_id AND r.id = NEW.request_id AND r.state = 'submitted' AND s.state = 'waiting'
          AND s.round = r.round AND NEW.round = r.round AND NEW.digest = r.digest
          AND o.voided_at IS NULL AND o.verdict = 'approve' AND NEW.verdict = 'approve' AND NEW.undo_until IS NULL
          AND o.person_id = NEW.person_id AND o.on_behalf_of_id IS NOT DISTINCT FROM NEW.on_behalf_of_id
          AND o.delegation_id IS NOT DISTINCT FROM NEW.delegation_id AND o.decided_at = NEW.decided_at)
    THEN
        RAISE EXCEPTION 'An approval stands from the round before only on a stage that does, and as it was made.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""

# Whoever sent it back is asked again: their stage is there, and somebody answered it.
SENDER_ASKED_AGAIN = """
    IF EXISTS (
        SELECT FROM approvals_stage s
        WHERE s.request_id = NEW.id AND s.round = NEW.round AND s.stands_from_id IS NOT NULL)
      AND NOT EXISTS (
        SELECT FROM approvals_stage s JOIN approvals_stage o
          ON o.request_id = s.request_id AND o.round = s.round - 1 AND o.number = s.number AND o.role_code = s.role_code
        WHERE s.request_id = NEW.id AND s.round = NEW.round AND s.state = 'approved' AND s.stands_from_id IS NULL
          AND o.state = 'returned')
    THEN
        RAISE EXCEPTION 'Whoever sent a request back is asked again.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
