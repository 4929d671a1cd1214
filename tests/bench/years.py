"""A year of postings, a million entries or ten, filled by the owner in plain SQL.

Journals, entries, links and balances are as the posting function would have left them, but for the hashes: links hold arbitrary
bytes of the right length, since nothing here reads the chain. All follows from row numbers by arithmetic, so that the same size
is the same data. A document is two lines of one account in neighbouring months: reserved, 95 % of it committed, 90 % spent and
paid, in four journals of twelve entries. The moments of recording run through 2025 in the order of ids; one document in eight is
posted to the month before.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from config.runtime.logins import Login

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 1)
THIRTY_DAYS_BACK = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=30)
TABLES = ["budgets_journal", "budgets_entry", "budgets_link"]
ACCOUNTS = 1000
Connection = psycopg.Connection[Any]

# Only what would be written to at random places: rows come in the order of their keys.
INDEXES = """
SELECT x.indexrelid::regclass::text, pg_get_indexdef(x.indexrelid) FROM pg_index x
WHERE x.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)
"""
FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.contype = 'f' AND c.conrelid = ANY(%s::regclass[])
"""
PLACES = """
CREATE TABLE bench_places AS SELECT (row_number() OVER (ORDER BY id))::int AS place, id FROM budgets_fundsaccount
"""
ALLOTMENTS = """
INSERT INTO budgets_journal (id, key, digest, kind, entity_id, source_type, source_id, is_fact, is_override, form, memo,
                             correlation_id, recorded_at)
SELECT place, 'allotment:' || lpad(place::text, 4, '0'), sha256(int8send(place)), 'allot', {entity}, 'budget_version', '1', false,
       false, 2, 'The year', '', timestamptz '2025-01-01 00:00Z'
FROM bench_places ORDER BY place;
INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
SELECT id, 1, place, '', sha256(int8send(place)) FROM bench_places ORDER BY place;
INSERT INTO budgets_entry (id, journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at)
SELECT (place - 1) * 12 + m, place, m, id, make_date(2025, m, 1), 'allotted', 100000000, '', '', 1, 100000000,
       timestamptz '2025-01-01 00:00Z'
FROM bench_places CROSS JOIN generate_series(1, 12) m ORDER BY 1
"""
# j numbers the journals from 0; its document is j / 4, and the accounts take turns at documents.
JOURNALS = """
INSERT INTO budgets_journal (id, key, digest, kind, entity_id, source_type, source_id, settles_id, is_fact, is_override, form,
                             memo, correlation_id, recorded_at)
SELECT {accounts} + j + 1, 'request:' || lpad(j::text, 9, '0'), sha256(int8send(j)),
       (ARRAY['reserve', 'commit', 'spend', 'paid'])[j % 4 + 1], {entity}, 'request', (j / 4)::text,
       CASE WHEN j % 4 IN (1, 2) THEN {accounts} + j END, j % 4 > 1, false, 2, 'REQ-2025-' || j / 4, '',
       timestamptz '2025-01-01 00:00Z' + (j + 1) * {step}
FROM generate_series(0::bigint, {documents} * 4 - 1) j
"""
LINKS = """
INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash)
SELECT p.id, 2 + (j / 4 / {accounts}) * 4 + j % 4, {accounts} + j + 1,
       sha256(int8send(CASE WHEN j % 4 > 0 THEN {accounts} + j ELSE j - 4 * {accounts} END)), sha256(int8send({accounts} + j + 1))
FROM generate_series(0::bigint, {documents} * 4 - 1) j JOIN bench_places p ON p.place = 1 + (j / 4) % {accounts}
"""
# e numbers the entries from 0; n is the place in its document of twelve.
ENTRIES = """
INSERT INTO budgets_entry (id, journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at)
SELECT {accounts} * 12 + e + 1, {accounts} + d * 4 + k + 1, (ARRAY[1,2, 1,2,3,4, 1,2,3,4, 1,2])[n], account_id,
       make_date(2025, least(12, first + (n - 1) % 2), 1),
       (ARRAY['reserved','reserved', 'reserved','reserved','committed','committed', 'committed','committed','spent','spent',
              'paid','paid'])[n],
       amount, 'request-line:' || d * 2 + n % 2, '', 1, amount, timestamptz '2025-01-01 00:00Z' + (d * 4 + k + 1) * {step}
FROM (
    SELECT e, e / 12 AS d, (e % 12)::int + 1 AS n, (ARRAY[0,0, 1,1,1,1, 2,2,2,2, 3,3])[e % 12 + 1] AS k,
           ({ids}::bigint[])[1 + (e / 12) % {accounts}] AS account_id,
           greatest(1, 1 + (12 * (e / 12) / {documents})::int - CASE WHEN e / 12 % 8 = 7 THEN 1 ELSE 0 END) AS first,
           (1 + (e / 12 * 104729) % 500) / 5.0 * (ARRAY[100,100, -95,-95,95,95, -90,-90,90,90, 90,90])[e % 12 + 1] AS amount
    FROM generate_series(0::bigint, {documents} * 12 - 1) e
) x
"""
AFTER = """
SELECT setval(pg_get_serial_sequence('budgets_journal', 'id'), (SELECT max(id) FROM budgets_journal));
SELECT setval(pg_get_serial_sequence('budgets_entry', 'id'), (SELECT max(id) FROM budgets_entry));
INSERT INTO budgets_balance (account_id, month, allotted, reserved, committed, spent, paid, pooled_allotted, pooled_held)
SELECT account_id, month, coalesce(sum(amount) FILTER (WHERE bucket = 'allotted'), 0),
       coalesce(sum(amount) FILTER (WHERE bucket = 'reserved'), 0), coalesce(sum(amount) FILTER (WHERE bucket = 'committed'), 0),
       coalesce(sum(amount) FILTER (WHERE bucket = 'spent'), 0), coalesce(sum(amount) FILTER (WHERE bucket = 'paid'), 0),
       coalesce(sum(pooled) FILTER (WHERE bucket = 'allotted'), 0),
       coalesce(sum(pooled) FILTER (WHERE bucket IN ('reserved', 'committed', 'spent')), 0)
FROM budgets_entry GROUP BY account_id, month ORDER BY account_id, month;
INSERT INTO budgets_openhold (account_id, month, thread, bucket, amount)
SELECT account_id, month, thread, bucket, sum(amount) FROM budgets_entry
WHERE bucket IN ('reserved', 'committed') GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0 ORDER BY 1, 2, 3, 4;
UPDATE budgets_fundsaccount a SET seq = l.seq, head = l.hash, posted_at = j.recorded_at
FROM budgets_link l JOIN budgets_journal j ON j.id = l.journal_id WHERE l.account_id = a.id AND l.seq = (
    SELECT max(seq) FROM budgets_link x WHERE x.account_id = a.id);
SELECT budgets_rebuild({entity}, NULL);
DROP TABLE bench_places
"""


def fill(owner: Login, *, entity_id: int, entries: int) -> int:
    """Fill the ledger of an entity whose 1,000 accounts hold nothing yet with about so many entries; return how many."""
    documents = (entries - ACCOUNTS * 12) // 12
    with owner.connect() as database:
        database.execute("SET synchronous_commit = off")
        database.execute(PLACES)
        given = _given(database, entity_id, documents)
        with _bare_tables(database):
            database.execute(ALLOTMENTS.format(**given))
            _at_once(owner, [[JOURNALS.format(**given), LINKS.format(**given)], [ENTRIES.format(**given)]])
        database.execute("ANALYZE budgets_link")
        database.execute(AFTER.format(**given))
        database.execute("VACUUM ANALYZE")
    return ACCOUNTS * 12 + documents * 12


def _given(database: Connection, entity_id: int, documents: int) -> dict[str, Any]:
    """Return what the statements are completed with: numbers, and the accounts' ids by their places."""
    ids = [row[0] for row in database.execute("SELECT id FROM bench_places ORDER BY place")]
    assert len(ids) == ACCOUNTS
    step = sql.Literal(timedelta(days=365) / (documents * 4 + 1)).as_string(database)
    array = sql.Literal(ids).as_string(database)
    return {"entity": entity_id, "accounts": ACCOUNTS, "documents": documents, "step": step, "ids": array}


@contextmanager
def _bare_tables(database: Connection) -> Iterator[None]:
    """Take foreign keys and scattered indexes away, and make them again. Keys are right by construction and not checked."""
    indexes = database.execute(INDEXES, [TABLES]).fetchall()
    keys = database.execute(FOREIGN_KEYS, [TABLES]).fetchall()
    for table, name, _ in keys:
        database.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    yield
    database.execute("SET maintenance_work_mem = '512MB'")
    for _, made in indexes:
        database.execute(made)
    for table, name, definition in keys:
        database.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


def _at_once(owner: Login, lists: list[list[str]]) -> None:
    with ThreadPoolExecutor(len(lists)) as pool:
        for part in [pool.submit(_run, owner, statements) for statements in lists]:
            part.result()


def _run(owner: Login, statements: list[str]) -> None:
    with owner.connect() as database:
        database.execute("SET synchronous_commit = off")
        for statement in statements:
            database.execute(statement)
