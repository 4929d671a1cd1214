-- What the new columns say of rows that were here before: one currency, and links in the first form, which do not speak of
-- settlements: so that a request's reservation was settled can be added by the keys of that round's journals.
-- References are looked up at once, since a table with checks that are still to come cannot be altered.
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE budgets_journal DISABLE TRIGGER ledger_append_only;
UPDATE budgets_journal SET form = 1;
UPDATE budgets_journal j SET settles_id = held.id FROM budgets_journal held
WHERE j.key ~ '^request:\d+:round:\d+:(commit|release)$' AND held.key = regexp_replace(j.key, '(commit|release)$', 'reserve');
ALTER TABLE budgets_journal ENABLE ALWAYS TRIGGER ledger_append_only;

ALTER TABLE budgets_entry DISABLE TRIGGER ledger_append_only;
UPDATE budgets_entry e SET recorded_at = j.recorded_at, pooled = e.amount FROM budgets_journal j WHERE j.id = e.journal_id;
ALTER TABLE budgets_entry ENABLE ALWAYS TRIGGER ledger_append_only;

UPDATE budgets_balance SET pooled_allotted = allotted, pooled_held = reserved + committed + spent;
UPDATE budgets_control k SET currency = coalesce(
    (SELECT b.currency FROM budgets_budget b WHERE b.id = k.budget_id), (SELECT n.currency FROM core_entity n WHERE n.id = k.entity_id));
