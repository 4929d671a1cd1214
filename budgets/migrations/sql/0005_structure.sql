-- The structure of the ledger: accounts, controls, which control covers which account, and the controls' counters.
-- A posting holds the structure lock shared; whoever changes controls, the tree or a period's state holds it alone.

CREATE FUNCTION budgets_structure_key() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 810273519264::bigint $$;

CREATE FUNCTION budgets_lock_structure() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(budgets_structure_key())
$$;

-- Which of some controls cover which of some accounts.
CREATE FUNCTION budgets_covers(p_entity bigint, p_budget bigint, p_account bigint)
RETURNS TABLE(account_id bigint, control_id bigint) LANGUAGE sql STABLE AS $$
    SELECT a.id, k.id
    FROM budgets_fundsaccount a
    JOIN budgets_costcentre s ON s.id = a.cost_centre_id
    JOIN budgets_category g ON g.id = a.category_id
    JOIN budgets_control k ON k.entity_id = a.entity_id
    LEFT JOIN budgets_costcentre ks ON ks.id = k.cost_centre_id
    LEFT JOIN budgets_category kg ON kg.id = k.category_id
    WHERE a.entity_id = p_entity
      AND (p_budget IS NULL OR a.budget_id = p_budget)
      AND (p_account IS NULL OR a.id = p_account)
      AND (k.account_id = a.id
           OR k.account_id IS NULL
              AND (k.budget_id IS NULL OR k.budget_id = a.budget_id)
              AND (ks.id IS NULL OR starts_with(s.path, ks.path))
              AND (kg.id IS NULL OR starts_with(g.path, kg.path)))
$$;

-- Returns the account of (budget, cost centre, category), made if it is not there, with its own control and its cover.
-- A new account has no entries, so no counter changes, and the shared lock is enough.
CREATE FUNCTION budgets_ensure_account(p_budget bigint, p_cost_centre bigint, p_category bigint, p_name text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_budget record;
    v_account bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(budgets_structure_key());
    SELECT b.id, b.entity_id, b.currency, b.window, b.line_mode, b.tolerance INTO v_budget
    FROM budgets_budget b
    JOIN budgets_costcentre s ON s.id = p_cost_centre AND s.entity_id = b.entity_id
    JOIN budgets_category g ON g.id = p_category AND g.entity_id = b.entity_id
    WHERE b.id = p_budget;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The budget, the cost centre and the category do not belong to one entity.' USING ERRCODE = 'PU404';
    END IF;
    INSERT INTO budgets_fundsaccount (budget_id, cost_centre_id, category_id, entity_id, name, currency, seq, head)
    VALUES (p_budget, p_cost_centre, p_category, v_budget.entity_id, left(p_name, 200), v_budget.currency, 0, '')
    ON CONFLICT (budget_id, cost_centre_id, category_id) DO NOTHING
    RETURNING id INTO v_account;
    IF v_account IS NULL THEN
        SELECT id INTO STRICT v_account FROM budgets_fundsaccount
        WHERE budget_id = p_budget AND cost_centre_id = p_cost_centre AND category_id = p_category;
        RETURN v_account;
    END IF;
    INSERT INTO budgets_control (entity_id, account_id, budget_id, cost_centre_id, category_id, name, depth, mode, "window", tolerance)
    VALUES (v_budget.entity_id, v_account, p_budget, p_cost_centre, p_category, left(p_name, 200), 1000, v_budget.line_mode,
            v_budget.window, v_budget.tolerance);
    INSERT INTO budgets_cover (account_id, control_id)
    SELECT c.account_id, c.control_id FROM budgets_covers(v_budget.entity_id, p_budget, v_account) c
    ON CONFLICT DO NOTHING;
    RETURN v_account;
END $$;

-- Computes cover and counters anew from accounts and balances: of one budget's controls, or of all of the entity's.
CREATE FUNCTION budgets_rebuild(p_entity bigint, p_budget bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM budgets_lock_structure();
    DELETE FROM budgets_cover c USING budgets_control k
    WHERE k.id = c.control_id AND k.entity_id = p_entity AND (p_budget IS NULL OR k.budget_id = p_budget);
    INSERT INTO budgets_cover (account_id, control_id)
    SELECT c.account_id, c.control_id FROM budgets_covers(p_entity, p_budget, NULL) c
    ON CONFLICT DO NOTHING;
    DELETE FROM budgets_controlmonth m USING budgets_control k
    WHERE k.id = m.control_id AND k.entity_id = p_entity AND (p_budget IS NULL OR k.budget_id = p_budget);
    INSERT INTO budgets_controlmonth (control_id, month, cap, held)
    SELECT k.id, b.month, sum(b.allotted), sum(b.reserved + b.committed + b.spent)
    FROM budgets_control k
    JOIN budgets_cover c ON c.control_id = k.id
    JOIN budgets_balance b ON b.account_id = c.account_id
    WHERE k.entity_id = p_entity AND k.mode = 'stop' AND (p_budget IS NULL OR k.budget_id = p_budget)
    GROUP BY k.id, b.month;
END $$;

-- States the controls of a budget: `p_controls` is a list of {cost_centre, category, name, depth, mode, window, tolerance}
-- with ids or nulls. Each account's own control follows the budget's line mode and window. What is not listed goes.
CREATE FUNCTION budgets_set_controls(p_budget bigint, p_controls jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_budget record;
    v_gone bigint[];
BEGIN
    PERFORM budgets_lock_structure();
    SELECT id, entity_id, line_mode, "window", tolerance INTO STRICT v_budget FROM budgets_budget WHERE id = p_budget;
    SELECT coalesce(array_agg(k.id), '{}') INTO v_gone FROM budgets_control k
    WHERE k.budget_id = p_budget AND k.account_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM jsonb_to_recordset(p_controls) AS c(cost_centre bigint, category bigint, "window" text)
        WHERE c.cost_centre IS NOT DISTINCT FROM k.cost_centre_id AND c.category IS NOT DISTINCT FROM k.category_id
          AND c."window" = k."window");
    DELETE FROM budgets_cover WHERE control_id = ANY(v_gone);
    DELETE FROM budgets_controlmonth WHERE control_id = ANY(v_gone);
    DELETE FROM budgets_control WHERE id = ANY(v_gone);
    INSERT INTO budgets_control (entity_id, budget_id, cost_centre_id, category_id, name, depth, mode, "window", tolerance)
    SELECT v_budget.entity_id, p_budget, c.cost_centre, c.category, left(c.name, 200), c.depth, c.mode, c."window", c.tolerance
    FROM jsonb_to_recordset(p_controls)
        AS c(cost_centre bigint, category bigint, name text, depth int, mode text, "window" text, tolerance numeric)
    ON CONFLICT (entity_id, budget_id, cost_centre_id, category_id, "window") WHERE account_id IS NULL
    DO UPDATE SET name = EXCLUDED.name, depth = EXCLUDED.depth, mode = EXCLUDED.mode, tolerance = EXCLUDED.tolerance;
    UPDATE budgets_control SET mode = v_budget.line_mode, "window" = v_budget.window, tolerance = v_budget.tolerance
    WHERE budget_id = p_budget AND account_id IS NOT NULL;
    PERFORM budgets_rebuild(v_budget.entity_id, p_budget);
END $$;

-- Gives an account, and its control, the name that people know it by.
CREATE FUNCTION budgets_name_account(p_account bigint, p_name text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE budgets_fundsaccount SET name = left(p_name, 200) WHERE id = p_account AND name <> left(p_name, 200);
    UPDATE budgets_control SET name = left(p_name, 200) WHERE account_id = p_account AND name <> left(p_name, 200);
END $$;

REVOKE ALL ON FUNCTION budgets_ensure_account(bigint, bigint, bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION budgets_rebuild(bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION budgets_set_controls(bigint, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION budgets_name_account(bigint, text) FROM PUBLIC;
