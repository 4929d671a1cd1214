-- As it was, with plain variables. What fields a record has is known only once a row was read into it, and a session asks that when
-- it first comes to a statement that names one: where its first posting gave back all that stood at its rates, no rate had been read.
CREATE OR REPLACE FUNCTION budgets_at_rates(p_entity bigint, p_currency text, p_day date, p_lines budgets_line[])
RETURNS budgets_line[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_lines budgets_line[] := '{}';
    v_line budgets_line;
    v_account text;
    v_there record;
    v_taken numeric;
    v_rate numeric;
    v_rate_id bigint;
BEGIN
    FOREACH v_line IN ARRAY ARRAY(SELECT e FROM unnest(p_lines) e ORDER BY e.amount > 0, e.number) LOOP
        SELECT a.currency INTO STRICT v_account FROM budgets_fundsaccount a WHERE a.id = v_line.account_id;
        IF v_account <> p_currency THEN
            SELECT * INTO v_there FROM budgets_standing(v_account, v_line, v_lines);
            v_taken := least(abs(v_line.amount), v_there.amount);
            v_line.pooled := CASE WHEN v_taken = v_there.amount THEN v_there.pooled
                                  ELSE round(v_there.pooled * v_taken / v_there.amount, 2) END;
            IF v_taken < abs(v_line.amount) THEN
                SELECT d.rate, d.exchange_rate_id INTO v_rate, v_rate_id FROM budgets_rate_on(p_entity, v_account, p_day) d;
                v_line.pooled := v_line.pooled + round((abs(v_line.amount) - v_taken) * v_rate, 2);
                v_line.exchange_rate_id := v_rate_id;
            END IF;
            v_line.rate := CASE WHEN v_taken = 0 THEN v_rate
                                WHEN v_taken = abs(v_line.amount) THEN round(v_there.pooled / v_there.amount, 10)
                                ELSE round(v_line.pooled / abs(v_line.amount), 10) END;
            v_line.pooled := sign(v_line.amount) * v_line.pooled;
        END IF;
        v_lines := v_lines || v_line;
    END LOOP;
    RETURN ARRAY(SELECT e FROM unnest(v_lines) e ORDER BY e.number);
END $$;
