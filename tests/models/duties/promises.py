"""What must hold whatever was done, read from the rows by plain SQL: none of the product's own rules is asked."""

from collections.abc import Mapping

from django.db import connection

# Everybody by whom or for whom a decision that stands was made.
SAID = """
    SELECT d.id, d.request_id, d.round, d.verdict, p.person
    FROM approvals_decision d CROSS JOIN LATERAL unnest(ARRAY[d.person_id, d.on_behalf_of_id]) AS p(person)
    WHERE d.voided_at IS NULL AND p.person IS NOT NULL
"""
QUERIES: Mapping[str, str] = {
    "decided_their_own": f"""
        SELECT s.id FROM ({SAID}) s JOIN approvals_request r ON r.id = s.request_id WHERE r.requester_id = s.person
        UNION ALL SELECT e.id FROM approvals_emergency e WHERE e.approver_id = e.requester_id""",
    "decided_twice": f"SELECT s.request_id FROM ({SAID}) s GROUP BY s.request_id, s.round, s.person HAVING count(*) > 1",
    "settled_what_they_approved": f"""
        SELECT a.id FROM reconciliation_allocation a
        JOIN reconciliation_invoiceline l ON l.invoice_id = a.invoice_id
        JOIN reconciliation_commitmentmatch m ON m.invoice_line_id = l.id AND m.undone_at IS NULL
        JOIN approvals_requestline q ON q.id = m.request_line_id
        JOIN approvals_request r ON r.id = q.request_id
        WHERE a.undone_at IS NULL AND (
            EXISTS (SELECT FROM ({SAID}) s
                    WHERE s.request_id = r.id AND s.round = r.round AND s.verdict = 'approve' AND s.person = a.made_by_id)
            OR EXISTS (SELECT FROM approvals_emergency e
                       WHERE e.request_id = r.id AND e.denied_at IS NULL AND e.approver_id = a.made_by_id))""",
    "approval_of_other_content": """
        SELECT d.id FROM approvals_decision d
        JOIN approvals_request r ON r.id = d.request_id AND r.round = d.round
        JOIN approvals_round o ON o.request_id = d.request_id AND o.number = d.round
        WHERE d.voided_at IS NULL AND d.verdict = 'approve' AND (
            d.digest <> o.digest OR (r.state IN ('submitted', 'approved') AND (
                d.digest <> r.digest OR r.amount <> (o.content->>'amount')::numeric
                OR r.amount <> (SELECT sum(l.funds) FROM approvals_requestline l WHERE l.request_id = r.id)
                OR (SELECT jsonb_agg(jsonb_build_array(l.account_id, l.month::text, l.net) ORDER BY l.number)
                    FROM approvals_requestline l WHERE l.request_id = r.id)
                <> (SELECT jsonb_agg(jsonb_build_array(
                        (c->>'account')::bigint, c->>'month', (c->>'net')::numeric) ORDER BY (c->>'number')::int)
                    FROM jsonb_array_elements(o.content->'lines') c))))""",
    "stands_on_other_ground": """
        SELECT d.id FROM approvals_decision d
        JOIN approvals_decision e ON e.id = d.stands_from_id
        JOIN approvals_round o ON o.request_id = e.request_id AND o.number = e.round
        JOIN approvals_round n ON n.request_id = d.request_id AND n.number = d.round
        WHERE e.voided_at IS NOT NULL OR e.verdict <> 'approve' OR d.verdict <> 'approve' OR d.round <> e.round + 1
          OR d.request_id <> e.request_id OR d.person_id <> e.person_id OR d.on_behalf_of_id IS DISTINCT FROM e.on_behalf_of_id
          OR (n.content->>'amount')::numeric > (o.content->>'amount')::numeric OR n.content->>'kind' <> o.content->>'kind'
          OR EXISTS (
            SELECT FROM jsonb_array_elements(n.content->'lines') l
            WHERE (l->>'net')::numeric > (
                SELECT COALESCE(sum((m->>'net')::numeric), 0) FROM jsonb_array_elements(o.content->'lines') m
                WHERE m->>'account' = l->>'account' AND m->>'month' = l->>'month'))""",
    "sender_was_not_asked_again": """
        SELECT r.id FROM approvals_request r
        WHERE r.state = 'approved'
          AND EXISTS (SELECT FROM approvals_decision d
                      WHERE d.request_id = r.id AND d.round = r.round AND d.stands_from_id IS NOT NULL)
          AND NOT EXISTS (
            SELECT FROM approvals_decision b
            JOIN approvals_stage s ON s.id = b.stage_id
            JOIN approvals_stage t ON t.request_id = r.id AND t.round = r.round AND t.number = s.number
            JOIN approvals_decision d ON d.stage_id = t.id AND d.verdict = 'approve' AND d.voided_at IS NULL
            WHERE b.request_id = r.id AND b.round = r.round - 1 AND b.verdict = 'send_back' AND b.voided_at IS NULL
              AND d.stands_from_id IS NULL)""",
    "approved_by_too_few": """
        SELECT r.id FROM approvals_request r JOIN approvals_stage s ON s.request_id = r.id AND s.round = r.round
        WHERE r.state = 'approved' AND NOT EXISTS (SELECT FROM approvals_emergency e WHERE e.request_id = r.id)
          AND (s.state <> 'approved' OR s.needed > (
                SELECT count(*) FROM approvals_decision d
                WHERE d.stage_id = s.id AND d.voided_at IS NULL AND d.verdict = 'approve'))""",
    "without_an_owner": """
        SELECT r.id FROM approvals_request r WHERE r.state = 'submitted' AND NOT EXISTS (
            SELECT FROM approvals_stage s JOIN approvals_stagemember m ON m.stage_id = s.id AND m.left_at IS NULL
            WHERE s.request_id = r.id AND s.round = r.round AND s.state = 'assigned' AND m.person_id = s.owner_id)
        UNION ALL
        SELECT s.request_id FROM approvals_stage s WHERE s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_stagemember m WHERE m.stage_id = s.id AND m.left_at IS NULL AND m.person_id = s.owner_id)
        UNION ALL
        SELECT s.request_id FROM approvals_stage s WHERE s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_stagemember m JOIN approvals_request r ON r.id = s.request_id
            WHERE m.stage_id = s.id AND m.left_at IS NULL AND m.person_id <> r.requester_id AND NOT EXISTS (
                SELECT FROM approvals_decision d
                WHERE d.request_id = r.id AND d.round = r.round AND d.voided_at IS NULL
                  AND m.person_id IN (d.person_id, d.on_behalf_of_id)))""",
    "in_another_queue": """
        SELECT coalesce(o.stage_id, m.stage_id) FROM approvals_openplace o
        FULL JOIN (
            SELECT m.stage_id, m.person_id FROM approvals_stagemember m JOIN approvals_stage s ON s.id = m.stage_id
            WHERE s.state = 'assigned' AND m.left_at IS NULL) m ON m.stage_id = o.stage_id AND m.person_id = o.person_id
        WHERE o.stage_id IS NULL OR m.stage_id IS NULL""",
    "without_an_end": """
        SELECT s.id FROM approvals_stage s CROSS JOIN (VALUES ('warn'), ('escalate'), ('breach')) k(kind)
        WHERE s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_timer t
            WHERE t.stage_id = s.id AND t.kind = k.kind AND t.starts_at = s.assigned_at
              AND t.state IN ('pending', 'paused', 'fired'))
        UNION ALL
        SELECT s.id FROM approvals_stage s WHERE s.state = 'assigned' AND NOT EXISTS (
            SELECT FROM approvals_timer t
            WHERE t.stage_id = s.id AND t.kind = 'breach' AND t.starts_at = s.assigned_at AND t.due_at = s.due_at
              AND isfinite(t.due_at) AND (t.state <> 'fired' OR t.due_at IS NOT DISTINCT FROM s.breached_at))
        UNION ALL
        SELECT t.stage_id FROM approvals_timer t WHERE t.state = 'paused' AND NOT EXISTS (
            SELECT FROM approvals_timer u JOIN approvals_question q ON q.id = u.question_id
            WHERE u.stage_id = t.stage_id AND u.kind = 'resume' AND u.state = 'pending' AND q.state = 'open')
        UNION ALL
        SELECT t.stage_id FROM approvals_timer t JOIN approvals_stage s ON s.id = t.stage_id
        WHERE t.state IN ('pending', 'paused') AND s.state <> 'assigned'
        UNION ALL
        SELECT d.id FROM approvals_debt d WHERE d.closed_at IS NULL AND NOT EXISTS (
            SELECT FROM approvals_debttimer t WHERE t.debt_id = d.id AND t.kind = 'breach')""",
}


# All in one statement: it is asked after every deed.
ASKED = " UNION ALL ".join(f"(SELECT '{name}', x.id FROM ({query}) AS x(id) LIMIT 5)" for name, query in QUERIES.items())


def broken() -> dict[str, list[int]]:
    """Return each promise that is broken, with the rows that show it. Empty where all is well."""
    found: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        for name, row in cursor.fetchall():
            found.setdefault(name, []).append(row)
    return found
