-- Receipts: one text for each decision, chained per entity. This function is the only way in which one is written. It takes none
-- that says something else than the decision's own row.

CREATE FUNCTION approvals_write_receipt(p_decision bigint, p_kind text, p_body text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_row record;
    v_said jsonb := p_body::jsonb;
    v_head record;
    v_hash text;
    v_id bigint;
BEGIN
    SELECT d.*, r.number AS request_number, r.entity_id, e.code AS entity_code INTO v_row
    FROM approvals_decision d
    JOIN approvals_request r ON r.id = d.request_id JOIN core_entity e ON e.id = r.entity_id WHERE d.id = p_decision;
    IF NOT FOUND OR (v_said->>'form', v_said->>'kind', v_said->>'entity', v_said->>'request', v_said->>'round', v_said->>'decision',
            v_said->>'digest', v_said->>'verdict', v_said->>'comment', v_said#>>'{decider,id}',
            coalesce(v_said#>>'{on_behalf_of,id}', ''), v_said->>'decided_at')
        IS DISTINCT FROM ('purser-receipt-1', p_kind, v_row.entity_code, v_row.request_number, v_row.round::text, v_row.id::text,
            v_row.digest, v_row.verdict, v_row.comment, v_row.person_id::text, coalesce(v_row.on_behalf_of_id::text, ''),
            to_char(v_row.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        OR p_kind = 'taken_back' AND v_said->>'taken_back_at'
            IS DISTINCT FROM to_char(v_row.voided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    THEN
        RAISE EXCEPTION 'A receipt says what its decision says.' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO approvals_receipthead (entity_id, number, hash) VALUES (v_row.entity_id, 0, '') ON CONFLICT DO NOTHING;
    SELECT h.number + 1 AS number, h.hash AS prev INTO v_head FROM approvals_receipthead h
    WHERE h.entity_id = v_row.entity_id FOR NO KEY UPDATE;
    v_hash := encode(sha256(convert_to(
        concat_ws(E'\n', v_head.prev, v_row.entity_code, v_head.number::text, p_body), 'UTF8')), 'hex');
    INSERT INTO approvals_receipt (entity_id, number, request_id, decision_id, kind, body, prev, hash, recorded_at)
    VALUES (v_row.entity_id, v_head.number, v_row.request_id, v_row.id, p_kind, p_body, v_head.prev, v_hash, clock_timestamp())
    RETURNING id INTO v_id;
    UPDATE approvals_receipthead h SET number = v_head.number, hash = v_hash WHERE h.entity_id = v_row.entity_id;
    RETURN v_id;
END $$;

CREATE FUNCTION approvals_refuse_receipt_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Receipts are append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE ON approvals_receipt
    FOR EACH ROW EXECUTE FUNCTION approvals_refuse_receipt_change();
CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON approvals_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_receipt_change();
CREATE TRIGGER heads_stay BEFORE DELETE ON approvals_receipthead
    FOR EACH ROW EXECUTE FUNCTION approvals_refuse_receipt_change();
ALTER TABLE approvals_receipt ENABLE ALWAYS TRIGGER receipts_stay;
ALTER TABLE approvals_receipt ENABLE ALWAYS TRIGGER receipts_no_truncate;
ALTER TABLE approvals_receipthead ENABLE ALWAYS TRIGGER heads_stay;
