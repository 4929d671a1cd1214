"""Ways in which the app's login tries to change a row of the ledger, or what guards it. Each is tried on a connection of its own.

What a way came to is not asked of it: the ledger's tables and guards are compared before and after. Only where the way is a
posting, which may change the ledger, does it say itself whether it got what it was after, and is taken back.
"""

from collections.abc import Callable
from typing import Any

import psycopg
import psycopg.types.json
from psycopg import sql

from config.runtime.logins import Login

Connection = psycopg.Connection[Any]
Names = dict[str, Any]

ENTRY = "(journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at)"
SLIPPED = f"INSERT INTO budgets_entry {ENTRY} VALUES ({{j}}, 99, {{a}}, '2026-01-01', 'spent', 1, '', '', 1, 1, now())"
MORE = "UPDATE budgets_entry SET amount = amount + 1 WHERE id = {e}"
SPENT = "UPDATE budgets_balance SET spent = spent + 1 WHERE account_id = {a}"
BALANCE = "INSERT INTO budgets_balance SELECT {a}, '{month}', 0, 0, 0, 5, 0, 0, 5"
LINE = "ARRAY[ROW(99, {a}, '2026-01-01', 'spent', 1, '', '', 1, NULL, 1)::budgets_line]"

WAYS: dict[str, list[str]] = {
    "update an entry": [MORE],
    "update a journal": ["UPDATE budgets_journal SET memo = 'other' WHERE id = {j}"],
    "update a link": ["UPDATE budgets_link SET hash = sha256('x') WHERE account_id = {a}"],
    "update an account": ["UPDATE budgets_fundsaccount SET head = sha256('x') WHERE id = {a}"],
    "update a balance": [SPENT],
    "update a control": ["UPDATE budgets_control SET mode = 'track'"],
    "update a counter": ["UPDATE budgets_controlmonth SET held = 0"],
    "delete entries": ["DELETE FROM budgets_entry WHERE id = {e}"],
    "delete a journal": ["DELETE FROM budgets_journal WHERE id = {j}"],
    "delete links": ["DELETE FROM budgets_link WHERE account_id = {a}"],
    "delete balances": ["DELETE FROM budgets_balance WHERE account_id = {a}"],
    "delete an account": ["DELETE FROM budgets_fundsaccount WHERE id = {a}"],
    "delete cover": ["DELETE FROM budgets_cover"],
    "insert an entry": [SLIPPED],
    "insert a journal": [
        "CREATE TEMP TABLE j AS SELECT * FROM budgets_journal WHERE id = {j}",
        "UPDATE j SET id = 999999, key = 'slipped in'",
        "INSERT INTO budgets_journal SELECT * FROM j",
    ],
    "insert a link": [
        """INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
           SELECT account_id, seq + 1000, journal_id, prev, hash FROM budgets_link WHERE account_id = {a}""",
    ],
    "insert a balance": [BALANCE.replace("{month}", "2031-01-01")],
    "insert what is excused": ["INSERT INTO budgets_excused SELECT id, '2026-01-01', '2026-12-01', 1000 FROM budgets_control"],
    "truncate entries": ["TRUNCATE budgets_entry"],
    "truncate journals and all that points there": ["TRUNCATE budgets_journal CASCADE"],
    "truncate a parent with all that points there": ["TRUNCATE core_entity CASCADE"],
    "copy a program's output in": [
        """COPY budgets_balance (account_id, month, allotted, reserved, committed, spent, paid, pooled_allotted, pooled_held)
           FROM PROGRAM 'echo {a},2031-01-01,0,0,0,5,0,0,5' (FORMAT csv)""",
    ],
    "copy a file in": ["COPY budgets_balance FROM '/etc/hostname'"],
    "merge": [
        "MERGE INTO budgets_balance b USING (VALUES (1)) v(x) ON b.account_id = {a} WHEN MATCHED THEN UPDATE SET spent = 5",
    ],
    "insert that updates on conflict": [
        f"{BALANCE} ON CONFLICT (account_id, month) DO UPDATE SET spent = 5".replace("{month}", "2026-01-01"),
    ],
    "update inside a query": [f"WITH x AS ({SPENT} RETURNING 1) SELECT count(*) FROM x"],
    "update where a cursor stands": [
        "BEGIN",
        "DECLARE c CURSOR FOR SELECT * FROM budgets_balance WHERE account_id = {a}",
        "FETCH c",
        "UPDATE budgets_balance SET spent = 5 WHERE CURRENT OF c",
        "COMMIT",
    ],
    "update in a block that swallows errors": [f"DO $$ BEGIN {SPENT}; EXCEPTION WHEN OTHERS THEN NULL; END $$"],
    "update from a function of its own": [
        "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE public.budgets_balance SET spent = 5'",
        "SELECT pg_temp.f()",
    ],
    "update through a view": ["CREATE TEMP VIEW v AS SELECT * FROM budgets_balance", "UPDATE v SET spent = 5"],
    "update by a rule on a table of its own": [
        "CREATE TEMP TABLE t (x int)",
        "CREATE RULE r AS ON INSERT TO t DO ALSO UPDATE budgets_balance SET spent = 5",
        "INSERT INTO t VALUES (1)",
    ],
    "a child table of entries": [
        "CREATE TABLE child () INHERITS (budgets_entry)",
        "INSERT INTO child SELECT * FROM ONLY budgets_entry WHERE id = {e}",
    ],
    "switch a trigger off": ["ALTER TABLE budgets_entry DISABLE TRIGGER ledger_append_only", MORE],
    "drop a trigger": ["DROP TRIGGER ledger_append_only ON budgets_entry", MORE],
    "drop a table": ["DROP TABLE budgets_link CASCADE"],
    "rename a table": ["ALTER TABLE budgets_entry RENAME TO gone"],
    "add a column": ["ALTER TABLE budgets_entry ADD COLUMN extra int DEFAULT 1"],
    "own a table": ["ALTER TABLE budgets_balance OWNER TO {me}", SPENT],
    "a policy on rows": ["ALTER TABLE budgets_entry ENABLE ROW LEVEL SECURITY", "CREATE POLICY p ON budgets_entry USING (false)"],
    "replica mode": ["SET session_replication_role = replica", MORE, SPENT],
    "replica mode for the next session": ["ALTER ROLE {me} SET session_replication_role = replica"],
    "replica mode for the database": ["ALTER DATABASE {db} SET session_replication_role = replica"],
    "become the owner": ["SET ROLE {owner}", SPENT],
    "become the owner by a setting": ["SELECT set_config('role', '{owner}', false)", SPENT],
    "become the owner's session": ["SET SESSION AUTHORIZATION {owner}", SPENT],
    "join the owner": ["GRANT {owner} TO {me}", "SET ROLE {owner}", SPENT],
    "become a superuser": ["ALTER ROLE {me} SUPERUSER", SPENT],
    "a role of its own": ["CREATE ROLE r10_helper SUPERUSER"],
    "grant itself a right": ["GRANT UPDATE ON budgets_balance TO {me}", SPENT],
    "grant everyone a right": ["GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC", SPENT],
    "default privileges": ["ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO {me}"],
    "what the owner owns": ["REASSIGN OWNED BY {owner} TO {me}", SPENT],
    "write to the catalog": ["UPDATE pg_class SET relowner = {me_oid} WHERE relname = 'budgets_balance'", SPENT],
    "write roles": ["UPDATE pg_authid SET rolsuper = true WHERE rolname = '{me}'"],
    "another body for the guard": [
        "CREATE OR REPLACE FUNCTION budgets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        MORE,
    ],
    "another body for a step of a posting": [
        "CREATE OR REPLACE FUNCTION budgets_moment(p_stated timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT p_stated'",
    ],
    "a function in the ledger's schema": [
        "CREATE FUNCTION public.sha256(text) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$"
    ],
    "another search path for a function": ["ALTER FUNCTION budgets_rebuild(bigint, bigint) SET search_path = pg_temp"],
    "write entries by the inner function": [f"SELECT budgets_write_entries({{j}}, now(), {LINE})"],
    "write links by the inner function": [f"SELECT budgets_write_links({{j}}, {LINE})"],
    "excuse by the inner function": [
        """SELECT budgets_excuse(k, true, ARRAY[ROW('2026-01-01', '2026-12-01', 0, 99, 0, 0, 0, 0)::budgets_stand])
           FROM budgets_control k""",
    ],
    "ask the triggers to stand aside": ["SET pgtrigger.ignore = '{{budgets_entry:ledger_append_only,ledger_append_only}}'", MORE],
    "the settings of the server": ["ALTER SYSTEM SET session_replication_role = replica"],
    "read a file of the server": ["SELECT pg_read_file('PG_VERSION')", "SELECT lo_import('/etc/hostname')"],
    "write a file of the server": ["SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/r10')", "COPY (SELECT 1) TO '/tmp/r10'"],
    "run a program": ["COPY (SELECT 1) TO PROGRAM 'cat'"],
    "another connection": ["CREATE EXTENSION dblink", "SELECT dblink_exec('dbname=' || current_database(), '{spent}')"],
    "another language": ["CREATE EXTENSION plpython3u", "CREATE LANGUAGE c"],
    "an event trigger": [
        "CREATE FUNCTION pg_temp.e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION pg_temp.e()",
    ],
    "delete the budget above": ["DELETE FROM budgets_budgetversion", "DELETE FROM budgets_budget"],
    "delete the entity above": ["DELETE FROM budgets_period", "DELETE FROM core_entity"],
    "delete cost centres and categories": ["DELETE FROM budgets_costcentre", "DELETE FROM budgets_category"],
    "another key for a parent": ["UPDATE core_entity SET id = id + 1000000", "UPDATE budgets_budget SET id = id + 1000000"],
    "constraints put off": ["BEGIN", "SET CONSTRAINTS ALL DEFERRED", "DELETE FROM budgets_budget", SLIPPED, "COMMIT"],
    "the ledger's numbers": ["SELECT setval('budgets_entry_id_seq', 1)", "ALTER SEQUENCE budgets_journal_id_seq RESTART"],
    "a prepared transaction": ["BEGIN", SPENT, "PREPARE TRANSACTION 'r10'"],
    "the ledger's locks": ["SELECT pg_advisory_lock(budgets_structure_key())", SPENT, "SELECT pg_advisory_unlock_all()"],
    "replay from a publication": ["CREATE PUBLICATION p FOR ALL TABLES", "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p"],
}

POST = """SELECT journal_id, recorded_at FROM budgets_post(
    %(key)s, %(kind)s, {entity}, NULL, 'r10', 'x', NULL, '', true, false, '', '', %(entries)s::jsonb, %(stated)s)"""


def post(connection: Connection, names: Names, *, key: str = "r10", kind: str = "spend", **entry: Any) -> tuple[Any, ...]:
    """Post as the app may, stating a moment long past."""
    line = {"account": names["a"], "month": "2026-01-01", "bucket": "spent", "amount": "1", **entry}
    values = {"key": key, "kind": kind, "entries": psycopg.types.json.Jsonb([line]), "stated": "2020-01-01T00:00:00Z"}
    row = connection.execute(POST.format(**names).encode(), values).fetchone()
    assert row is not None
    return tuple(row)


def _was_recorded_then(row: tuple[Any, ...]) -> bool:
    return bool(row[1].year == 2020)


def _states_a_moment(connection: Connection, names: Names) -> bool:
    return _was_recorded_then(post(connection, names))


def _states_a_moment_by_a_function_of_its_own(connection: Connection, names: Names) -> bool:
    connection.execute(
        "CREATE FUNCTION pg_temp.budgets_moment(p timestamptz) RETURNS timestamptz LANGUAGE sql AS $$ SELECT p $$;"
        "SET LOCAL search_path = pg_temp, public"
    )
    return _was_recorded_then(post(connection, names))


def _states_a_moment_under_its_own_role(connection: Connection, names: Names) -> bool:
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names["me"])))
    return _was_recorded_then(post(connection, names))


def _diverts_entries_into_a_table_of_its_own(connection: Connection, names: Names) -> bool:
    for table in ("budgets_entry", "budgets_link", "budgets_balance"):
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL)")
    connection.execute("SET LOCAL search_path = pg_temp, public")
    journal = post(connection, names)[0]
    row = connection.execute("SELECT count(*) FROM public.budgets_entry WHERE journal_id = %s", [journal]).fetchone()
    return row == (0,)


def _hashes_by_a_function_of_its_own(connection: Connection, names: Names) -> bool:
    connection.execute(
        "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT 'forged'::bytea $$;"
        "SET LOCAL search_path = pg_temp, pg_catalog, public"
    )
    journal = post(connection, names)[0]
    row = connection.execute("SELECT hash FROM budgets_link WHERE journal_id = %s", [journal]).fetchone()
    return row == (b"forged",)


def _fires_a_trigger_of_its_own(connection: Connection, names: Names) -> bool:
    """The posting function writes an event with the owner's rights; a trigger there would run with them."""
    connection.execute(
        "CREATE FUNCTION pg_temp.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE public.budgets_balance SET paid = 555; RETURN NEW; END $$;"
        "CREATE TRIGGER evil BEFORE INSERT ON core_outboxevent FOR EACH ROW EXECUTE FUNCTION pg_temp.evil()"
    )
    return _posted_and_found_555(connection, names)


def _fires_a_rule_of_its_own(connection: Connection, names: Names) -> bool:
    connection.execute("CREATE RULE r AS ON INSERT TO core_outboxevent DO ALSO UPDATE budgets_balance SET paid = 555")
    return _posted_and_found_555(connection, names)


def _posted_and_found_555(connection: Connection, names: Names) -> bool:
    post(connection, names)
    return connection.execute("SELECT 1 FROM budgets_balance WHERE paid = 555").fetchone() is not None


def _posts_what_is_no_amount(connection: Connection, names: Names) -> bool:
    return bool(post(connection, names, amount="NaN"))


def _posts_statements_for_text(connection: Connection, names: Names) -> bool:
    before = connection.execute("SELECT count(*) FROM budgets_entry").fetchone()
    post(connection, names, key="'); DELETE FROM budgets_entry; --", memo="$$; DELETE FROM budgets_entry; $$", thread="'||f()||'")
    after = connection.execute("SELECT count(*) FROM budgets_entry").fetchone()
    assert before is not None
    return after != (before[0] + 1,)


def _posts_on_an_old_snapshot(connection: Connection, names: Names) -> bool:
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    return bool(post(connection, names))


def _uses_a_key_again_for_something_else(connection: Connection, names: Names) -> bool:
    return bool(post(connection, names, key=names["key"]))


POSTINGS: dict[str, Callable[[Connection, Names], bool]] = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        _states_a_moment,
        _states_a_moment_by_a_function_of_its_own,
        _states_a_moment_under_its_own_role,
        _diverts_entries_into_a_table_of_its_own,
        _hashes_by_a_function_of_its_own,
        _fires_a_trigger_of_its_own,
        _fires_a_rule_of_its_own,
        _posts_what_is_no_amount,
        _posts_statements_for_text,
        _posts_on_an_old_snapshot,
        _uses_a_key_again_for_something_else,
    )
}


def try_way(login: Login, statements: list[str], names: Names) -> None:
    """Say the statements one after another; whatever is refused, go on with the next."""
    with login.connect() as connection:
        for statement in statements:
            try:
                connection.execute(statement.format(**names).encode())
            except psycopg.Error:
                continue


def try_posting(login: Login, way: Callable[[Connection, Names], bool], names: Names) -> bool:
    """Try it and take it back. Returns whether it got what it was after."""
    with login.connect() as connection, connection.transaction(force_rollback=True):
        try:
            return way(connection, names)
        except psycopg.Error:
            return False
