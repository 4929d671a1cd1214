"""Rows by the hundred thousand, copied from one that the services wrote, each column as there but for those that are said."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


def copy(
    database: Connection,
    table: str,
    pattern: int,
    numbers: range,
    said: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
) -> None:
    """Copy a row once for each number. `said` gives columns as SQL over `n`, the number, and `p`, the pattern."""
    columns = [row[0] for row in database.execute(COLUMNS, [table])]
    if unknown := said.keys() - set(columns):
        raise ValueError(f"{table} has no {', '.join(sorted(unknown))}.")
    values = ", ".join(said.get(column, f'p."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    database.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} p"
        " CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) n WHERE p.id = %(pattern)s ORDER BY n",
        {"first": numbers[0], "last": numbers[-1], "pattern": pattern, **(given or {})},
    )


@contextmanager
def unguarded(database: Connection, *tables: str) -> Iterator[None]:
    """Let rows be written as they ended, past the triggers that let them only begin and the keys that point from them."""
    for table in tables:
        database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    database.execute("SET synchronous_commit = off")
    yield
    for table in tables:
        database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        database.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    database.execute("VACUUM ANALYZE")
