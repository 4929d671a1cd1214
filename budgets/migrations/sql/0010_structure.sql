-- The structure of the ledger: accounts, controls, which control covers which account. Whoever changes it holds the structure
-- lock alone, and computes cover, counters and what is excused anew inside it.

-- Counters change at every posting: room on their pages keeps the new rows beside the old, and the indexes as they are.
ALTER TABLE budgets_controlmonth SET (fillfactor = 50);
ALTER TABLE budgets_balance SET (fillfactor = 70);
ALTER TABLE budgets_fundsaccount SET (fillfactor = 70);

-- Which of an entity's controls cover which of its accounts: all of them, or some controls, or one account.
CREATE FUNCTION budgets_covers(p_entity bigint, p_account bigint, p_controls bigint[])
RETURNS TABLE(account_id bigint, control_id bigint) LANGUAGE sql STABLE AS $$
    SELECT a.id, k.id
    FROM budgets_fundsaccount a
    JOIN budgets_costcentre s ON s.id = a.cost_centre_id
    JOIN budgets_category g ON g.id = a.category_id
    JOIN budgets_control k ON k.entity_id = a.entity_id
    LEFT JOIN budgets_costcentre ks ON ks.id = k.cost_centre_id
    LEFT JOIN budgets_category kg ON kg.id = k.category_id
    WHERE a.entity_id = p_entity
      AND (p_account IS NULL OR a.id = p_account)
      AND (p_controls IS NULL OR k.id = ANY(p_controls))
      AND (k.account_id = a.id
           OR k.account_id IS NULL
              AND (k.budget_id IS NULL OR k.budget_id = a.budget_id)
              AND (ks.id IS NULL OR starts_with(s.path, ks.path))
              AND (kg.id IS NULL OR starts_with(g.path, kg.path)))
$$;

-- Returns the account of (budget, cost centre, category), made if it is not there, with its own control and its cover.
-- A new account has no entries, so no counter changes, and the shared lock is enough.
CREATE OR REPLACE FUNCTION budgets_ensure_account(p_budget bigint, p_cost_centre bigint, p_category bigint, p_name text)
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
    INSERT INTO budgets_control (entity_id, account_id, budget_id, cost_centre_id, category_id, name, depth, mode, "window",
                                 tolerance, currency, origin)
    VALUES (v_budget.entity_id, v_account, p_budget, p_cost_centre, p_category, left(p_name, 200), 1000, v_budget.line_mode,
            v_budget.window, v_budget.tolerance, v_budget.currency, 'version');
    INSERT INTO budgets_cover (account_id, control_id)
    SELECT c.account_id, c.control_id FROM budgets_covers(v_budget.entity_id, v_account, NULL) c
    ON CONFLICT DO NOTHING;
    RETURN v_account;
END $$;

-- Computes the cover and the counters of some controls of an entity anew, and excuses what stands over its limit now.
CREATE FUNCTION budgets_rebuild_controls(p_entity bigint, p_controls bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM budgets_cover WHERE control_id = ANY(p_controls);
    DELETE FROM budgets_controlmonth WHERE control_id = ANY(p_controls);
    DELETE FROM budgets_excused WHERE control_id = ANY(p_controls);
    INSERT INTO budgets_cover (account_id, control_id)
    SELECT c.account_id, c.control_id FROM budgets_covers(p_entity, NULL, p_controls) c;
    INSERT INTO budgets_excused (control_id, first, last, amount)
    SELECT e.control_id, e.first, e.last, e.amount FROM budgets_excess(p_controls) e;
    INSERT INTO budgets_controlmonth (control_id, month, cap, held)
    SELECT c.control_id, c.month, c.cap, c.held
    FROM budgets_counted(p_controls) c JOIN budgets_control k ON k.id = c.control_id AND k.mode = 'stop';
END $$;

-- The same for all controls of a budget, or of the entity where no budget is named.
CREATE OR REPLACE FUNCTION budgets_rebuild(p_entity bigint, p_budget bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM budgets_lock_structure();
    PERFORM budgets_rebuild_controls(p_entity, ARRAY(
        SELECT k.id FROM budgets_control k WHERE k.entity_id = p_entity AND (p_budget IS NULL OR k.budget_id = p_budget)));
END $$;

CREATE FUNCTION budgets_drop_controls(p_controls bigint[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM budgets_cover WHERE control_id = ANY(p_controls);
    DELETE FROM budgets_controlmonth WHERE control_id = ANY(p_controls);
    DELETE FROM budgets_excused WHERE control_id = ANY(p_controls);
    DELETE FROM budgets_control WHERE id = ANY(p_controls);
$$;

-- States the controls of a budget: `p_controls` is a list of {cost_centre, category, name, depth, mode, window, tolerance}
-- with ids or nulls. Each account's own control follows the budget's line mode and window. What a version stated and is not
-- listed goes; what a person stated stays as that person stated it.
CREATE OR REPLACE FUNCTION budgets_set_controls(p_budget bigint, p_controls jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_budget record;
BEGIN
    PERFORM budgets_lock_structure();
    SELECT id, entity_id, currency, line_mode, "window", tolerance INTO STRICT v_budget FROM budgets_budget WHERE id = p_budget;
    PERFORM budgets_drop_controls(ARRAY(
        SELECT k.id FROM budgets_control k
        WHERE k.budget_id = p_budget AND k.account_id IS NULL AND k.origin = 'version' AND NOT EXISTS (
            SELECT 1 FROM jsonb_to_recordset(p_controls) AS c(cost_centre bigint, category bigint, "window" text)
            WHERE c.cost_centre IS NOT DISTINCT FROM k.cost_centre_id AND c.category IS NOT DISTINCT FROM k.category_id
              AND c."window" = k."window")));
    INSERT INTO budgets_control AS k (entity_id, budget_id, cost_centre_id, category_id, name, depth, mode, "window", tolerance,
                                      currency, origin)
    SELECT v_budget.entity_id, p_budget, c.cost_centre, c.category, left(c.name, 200), c.depth, c.mode, c."window", c.tolerance,
           v_budget.currency, 'version'
    FROM jsonb_to_recordset(p_controls)
        AS c(cost_centre bigint, category bigint, name text, depth int, mode text, "window" text, tolerance numeric)
    ON CONFLICT (entity_id, budget_id, cost_centre_id, category_id, "window") WHERE account_id IS NULL
    DO UPDATE SET name = EXCLUDED.name, depth = EXCLUDED.depth, mode = EXCLUDED.mode, tolerance = EXCLUDED.tolerance
    WHERE k.origin = 'version';
    UPDATE budgets_control k SET mode = v_budget.line_mode, "window" = v_budget.window, tolerance = v_budget.tolerance
    WHERE k.budget_id = p_budget AND k.account_id IS NOT NULL AND k.origin = 'version' AND NOT EXISTS (
        SELECT 1 FROM budgets_control o WHERE o.account_id = k.account_id AND o."window" = v_budget.window AND o.id <> k.id);
    PERFORM budgets_rebuild(v_budget.entity_id, p_budget);
END $$;

-- Refuses a limit of its own that is below what is allotted under it, or what is held, in one of its windows.
CREATE FUNCTION budgets_check_own_limit(p_control bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_bad record;
BEGIN
    SELECT s.first, s.last, s.allotted, s.cap, s.held, k.name, k."window", k.currency, k.tolerance INTO v_bad
    FROM budgets_all_stands(ARRAY[p_control]) s JOIN budgets_control k ON k.id = s.control_id
    WHERE k.own_limit IS NOT NULL AND (s.allotted > s.cap OR s.held > s.cap * (1 + s.tolerance))
    ORDER BY s.cap - greatest(s.allotted, s.held), s.first, s.last LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The limit of % is below what it covers.', v_bad.name USING ERRCODE = 'PU402', DETAIL = jsonb_build_object(
            'what', 'limit', 'control', p_control, 'node', v_bad.name, 'window', v_bad."window", 'kind', 'control',
            'from', CASE WHEN v_bad."window" <> 'life' THEN v_bad.first END,
            'to', CASE WHEN v_bad."window" <> 'life' THEN v_bad.last END, 'currency', v_bad.currency,
            'cap', round(v_bad.cap, 2)::text, 'allotted', round(v_bad.allotted, 2)::text, 'held', round(v_bad.held, 2)::text)::text;
    END IF;
END $$;

-- States one control as a person wishes it: {entity, account, budget, cost_centre, category, name, depth, mode, window,
-- tolerance, own_limit, currency}, ids or nulls. Where that node has a control of that window, it is changed. A limit of its
-- own below what it covers is refused, unless it is forced. Returns its id.
CREATE FUNCTION budgets_set_control(p_control jsonb, p_force boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
    v_id bigint;
BEGIN
    PERFORM budgets_lock_structure();
    SELECT * INTO v FROM jsonb_to_record(p_control) AS c(
        entity bigint, account bigint, budget bigint, cost_centre bigint, category bigint, name text, depth int, mode text,
        "window" text, tolerance numeric, own_limit numeric, currency text);
    SELECT k.id INTO v_id FROM budgets_control k
    WHERE k.entity_id = v.entity AND k."window" = v."window" AND CASE WHEN v.account IS NOT NULL THEN k.account_id = v.account ELSE
        k.account_id IS NULL AND k.budget_id IS NOT DISTINCT FROM v.budget
        AND k.cost_centre_id IS NOT DISTINCT FROM v.cost_centre AND k.category_id IS NOT DISTINCT FROM v.category END;
    IF v_id IS NULL THEN
        INSERT INTO budgets_control (entity_id, account_id, budget_id, cost_centre_id, category_id, name, depth, mode, "window",
                                     tolerance, own_limit, currency, origin)
        VALUES (v.entity, v.account, v.budget, v.cost_centre, v.category, left(v.name, 200), v.depth, v.mode, v."window",
                v.tolerance, v.own_limit, v.currency, 'person')
        RETURNING id INTO v_id;
    ELSE
        UPDATE budgets_control SET mode = v.mode, tolerance = v.tolerance, own_limit = v.own_limit,
            origin = CASE origin WHEN 'person' THEN 'person' ELSE 'changed' END
        WHERE id = v_id;
    END IF;
    PERFORM budgets_rebuild_controls(v.entity, ARRAY[v_id]);
    IF NOT p_force THEN
        PERFORM budgets_check_own_limit(v_id);
    END IF;
    RETURN v_id;
END $$;

-- Takes a person's control away, or gives one that a version stated back what the budget says.
CREATE FUNCTION budgets_remove_control(p_control bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v record;
BEGIN
    PERFORM budgets_lock_structure();
    SELECT k.id, k.entity_id, k.origin, CASE WHEN k.account_id IS NULL THEN b.group_mode ELSE b.line_mode END AS mode, b.tolerance
    INTO STRICT v FROM budgets_control k LEFT JOIN budgets_budget b ON b.id = k.budget_id WHERE k.id = p_control;
    IF v.origin = 'person' THEN
        PERFORM budgets_drop_controls(ARRAY[p_control]);
    ELSE
        UPDATE budgets_control SET mode = v.mode, tolerance = v.tolerance, own_limit = NULL, origin = 'version' WHERE id = p_control;
        PERFORM budgets_rebuild_controls(v.entity_id, ARRAY[p_control]);
    END IF;
END $$;

REVOKE ALL ON FUNCTION budgets_set_control(jsonb, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION budgets_remove_control(bigint) FROM PUBLIC;
