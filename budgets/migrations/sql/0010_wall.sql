-- The second wall. Whatever wrote a stop's counters, each of its windows is added up again, in another way than the posting
-- function does it: held <= cap x (1 + tolerance) + excused. A posting that is let through by mistake ends here.
CREATE FUNCTION budgets_wall() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_control record;
    v_bad record;
BEGIN
    SELECT k.mode, k."window", k.tolerance, k.own_limit, n.fiscal_year_start_month AS start INTO STRICT v_control
    FROM budgets_control k JOIN core_entity n ON n.id = k.entity_id WHERE k.id = NEW.control_id;
    IF v_control.mode <> 'stop' THEN
        RETURN NULL;
    END IF;
    WITH numbered AS (
        -- Months numbered from the start of a fiscal year; three, or twelve, in a row make a quarter, or a year.
        SELECT m.month, m.cap, m.held, o.number, CASE v_control."window"
                   WHEN 'month' THEN o.number WHEN 'quarter' THEN o.number / 3 WHEN 'life' THEN 0 ELSE o.number / 12 END AS part
        FROM budgets_controlmonth m
        CROSS JOIN LATERAL (SELECT (extract(year FROM m.month) * 12 + extract(month FROM m.month))::int - v_control.start AS number) o
        WHERE m.control_id = NEW.control_id
    ), summed AS (
        SELECT n.month, sum(n.cap) OVER upto AS cap, sum(n.held) OVER upto AS held, n.number % 12 + 1 AS begun,
               lead(n.month) OVER (ORDER BY n.month) IS NULL AS is_last
        FROM numbered n WHERE n.part = (SELECT x.part FROM numbered x WHERE x.month = NEW.month)
        WINDOW upto AS (ORDER BY n.month)
    )
    SELECT s.month, s.held INTO v_bad
    FROM summed s
    LEFT JOIN budgets_excused e ON e.control_id = NEW.control_id AND s.month BETWEEN e.first AND e.last
        AND (v_control."window" <> 'ytd' OR e.last = s.month)
    WHERE (s.is_last OR v_control."window" = 'ytd' AND s.month >= NEW.month)
      AND s.held > coalesce(e.amount, 0) + (1 + v_control.tolerance) * CASE
          WHEN v_control.own_limit IS NULL THEN s.cap
          WHEN v_control."window" = 'ytd' THEN round(v_control.own_limit * s.begun / 12, 2)
          ELSE v_control.own_limit END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Control % would hold % to %, more than it may and than was excused.', NEW.control_id, v_bad.held, v_bad.month
            USING ERRCODE = 'PU499', HINT = 'Nothing was posted. Run check_ledger, and report what it says.';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_wall_new AFTER INSERT ON budgets_controlmonth
    FOR EACH ROW WHEN (NEW.held > 0 OR NEW.cap < 0) EXECUTE FUNCTION budgets_wall();
CREATE CONSTRAINT TRIGGER ledger_wall_worse AFTER UPDATE ON budgets_controlmonth
    FOR EACH ROW WHEN (NEW.held > OLD.held OR NEW.cap < OLD.cap) EXECUTE FUNCTION budgets_wall();
ALTER TABLE budgets_controlmonth ENABLE ALWAYS TRIGGER ledger_wall_new;
ALTER TABLE budgets_controlmonth ENABLE ALWAYS TRIGGER ledger_wall_worse;

-- What stood over its limit before there was a wall is excused.
SELECT budgets_rebuild_controls(n.id, ARRAY(SELECT k.id FROM budgets_control k WHERE k.entity_id = n.id)) FROM core_entity n;
