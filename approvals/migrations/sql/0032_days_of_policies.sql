-- One line of published versions of a policy: whoever is followed ends at the very moment at which the next begins. With one
-- last in line (`policy_version_one_published`), one follower each (its unique key) and no end before its beginning, there is
-- neither a gap nor an overlap.
ALTER TABLE approvals_policyversion ADD CONSTRAINT policy_version_and_its_beginning UNIQUE (policy_id, id, effective_from);
ALTER TABLE approvals_policyversion ADD CONSTRAINT policy_version_ends_as_the_next_begins
    FOREIGN KEY (policy_id, followed_by_id, effective_to) REFERENCES approvals_policyversion (policy_id, id, effective_from)
    DEFERRABLE INITIALLY DEFERRED;

-- The last in line is one, and whoever was published later is followed by nobody else: a second line would begin in mid-air.
CREATE FUNCTION approvals_policy_has_one_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM approvals_policyversion v
        WHERE v.policy_id = NEW.policy_id AND v.state <> 'draft'
          AND NOT EXISTS (SELECT FROM approvals_policyversion b WHERE b.followed_by_id = v.id)) > 1
    THEN
        RAISE EXCEPTION 'A version of a policy begins where the one before ends.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER policy_has_one_line AFTER UPDATE ON approvals_policyversion DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION approvals_policy_has_one_line();

-- A request goes by the version that is in force when it is submitted.
CREATE FUNCTION approvals_round_by_version_in_force() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM approvals_policyversion v
        WHERE v.id = NEW.policy_version_id AND v.effective_from <= NEW.submitted_at
          AND (v.effective_to IS NULL OR v.effective_to > NEW.submitted_at))
    THEN
        RAISE EXCEPTION 'A request goes by the version in force when it is submitted.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER by_version_in_force BEFORE INSERT ON approvals_round
    FOR EACH ROW EXECUTE FUNCTION approvals_round_by_version_in_force();
