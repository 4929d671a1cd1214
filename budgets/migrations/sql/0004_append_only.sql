-- Journals, entries and links are written once: not even the owner changes them by mistake, nor a session in replica mode.
CREATE FUNCTION budgets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '42501', HINT = 'Post a reversal instead.';
END $$;

CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON budgets_journal
    FOR EACH ROW EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON budgets_entry
    FOR EACH ROW EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON budgets_link
    FOR EACH ROW EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON budgets_fundsaccount
    FOR EACH ROW EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON budgets_balance
    FOR EACH ROW EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON budgets_journal
    FOR EACH STATEMENT EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON budgets_entry
    FOR EACH STATEMENT EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON budgets_link
    FOR EACH STATEMENT EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON budgets_fundsaccount
    FOR EACH STATEMENT EXECUTE FUNCTION budgets_refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON budgets_balance
    FOR EACH STATEMENT EXECUTE FUNCTION budgets_refuse_change();

ALTER TABLE budgets_journal ENABLE ALWAYS TRIGGER ledger_append_only;
ALTER TABLE budgets_entry ENABLE ALWAYS TRIGGER ledger_append_only;
ALTER TABLE budgets_link ENABLE ALWAYS TRIGGER ledger_append_only;
ALTER TABLE budgets_fundsaccount ENABLE ALWAYS TRIGGER ledger_no_delete;
ALTER TABLE budgets_balance ENABLE ALWAYS TRIGGER ledger_no_delete;
ALTER TABLE budgets_journal ENABLE ALWAYS TRIGGER ledger_no_truncate;
ALTER TABLE budgets_entry ENABLE ALWAYS TRIGGER ledger_no_truncate;
ALTER TABLE budgets_link ENABLE ALWAYS TRIGGER ledger_no_truncate;
ALTER TABLE budgets_fundsaccount ENABLE ALWAYS TRIGGER ledger_no_truncate;
ALTER TABLE budgets_balance ENABLE ALWAYS TRIGGER ledger_no_truncate;
