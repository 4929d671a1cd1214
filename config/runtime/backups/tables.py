"""What every table says, as a number of rows and a SHA-256, to compare a restored database with the one that was dumped.

Rows are hashed as PostgreSQL's COPY writes them, in the order of the primary key, with all settings pinned that change how values
are written. They go by as a stream: memory does not grow with the tables.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import IsolationLevel, sql

from config.runtime.logins import Login

Connection = psycopg.Connection[Any]

# Row security set off lets a query fail that would see only some of the rows.
PINNED = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog",
    "row_security": "off",
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
}
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
COLUMNS = """
SELECT a.attname FROM pg_attribute a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
KEY = """
SELECT a.attname, t.typcategory = 'S' FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
JOIN pg_type t ON t.oid = a.atttypid
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place
"""
# A sequence is of no snapshot; what must hold is that its next number is not one that a row has.
BEHIND = """
SELECT q.seq, q.tab, q.col FROM (
    SELECT s.oid::regclass::text AS seq, t.oid::regclass::text AS tab, quote_ident(a.attname) AS col
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_class t ON t.oid = d.refobjid AND t.relkind = 'r'
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
) q ORDER BY 1
"""


class Sum(NamedTuple):
    """What one table says."""

    rows: int
    sha256: str


Sums = dict[str, Sum]


@contextmanager
def snapshot(login: Login) -> Iterator[tuple[Connection, str]]:
    """Give a connection that stands on one moment of the database, and the name by which pg_dump can share it."""
    with login.connect() as connection:
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            pin(connection)
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            yield connection, str(row[0])


def pin(connection: Connection) -> None:
    for name, value in PINNED.items():
        connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))


def tables_of(connection: Connection) -> list[tuple[str, str]]:
    """Return (schema, table) of every table that is not the server's own."""
    return [(schema, table) for schema, table in connection.execute(TABLES)]


def sums_of(connection: Connection) -> Sums:
    """Return what every table says, on a connection whose settings are pinned."""
    tables = tables_of(connection)
    return {f"{schema}.{table}": _sum_of(connection, sql.Identifier(schema, table)) for schema, table in tables}


def current_sums(login: Login) -> Sums:
    """Return what every table says now, at one moment."""
    with snapshot(login) as (connection, _):
        return sums_of(connection)


def differences(then: Sums, now: Sums) -> list[str]:
    """Return a sentence for each table that does not say the same."""
    return [_difference(name, then.get(name), now.get(name)) for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


def sequences_behind(connection: Connection) -> list[str]:
    """Return a sentence for each sequence whose next number is taken."""
    found = connection.execute(BEHIND).fetchall()
    return [
        f"{sequence} is behind the rows of {table}"
        for sequence, table, column in found
        if _is_behind(connection, sequence, table, column)
    ]


def _is_behind(connection: Connection, sequence: str, table: str, column: str) -> bool:
    query = sql.SQL("SELECT coalesce((SELECT max({column}) FROM {table}), 0) >= last_value + is_called::int FROM {sequence}")
    parts = {"column": sql.SQL(column), "table": sql.SQL(table), "sequence": sql.SQL(sequence)}
    row = connection.execute(query.format(**parts)).fetchone()
    return bool(row and row[0])


def _difference(name: str, then: Sum | None, now: Sum | None) -> str:
    if then is None:
        return f"table {name} was not in the backup"
    if now is None:
        return f"table {name} is not there"
    if then.rows != now.rows:
        return f"table {name} has {now.rows:,} rows, and had {then.rows:,}"
    return f"table {name} does not say what it said"


def _sum_of(connection: Connection, table: sql.Identifier) -> Sum:
    name = [table.as_string(connection)]
    columns = [sql.Identifier(column) for (column,) in connection.execute(COLUMNS, name)]
    # Columns come in the order they have: a restored table has the same.
    query = sql.SQL("COPY (SELECT {} FROM {} t ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(columns), table, _order(connection.execute(KEY, name).fetchall())
    )
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        with cursor.copy(query) as rows:
            for block in rows:
                digest.update(block)
        return Sum(cursor.rowcount, digest.hexdigest())


def _order(key: list[tuple[str, bool]]) -> sql.Composable:
    """Order by the key, text by its bytes whatever the server's collation; a table without a key by its whole rows."""
    if not key:
        return sql.SQL('t::text COLLATE "C"')
    texts = {True: sql.SQL('{} COLLATE "C"'), False: sql.SQL("{}")}
    return sql.SQL(", ").join(texts[is_text].format(sql.Identifier(column)) for column, is_text in key)
