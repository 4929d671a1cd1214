"""The two database roles: the owner migrates, the app may do what its work needs and nothing else.

Roles belong to the whole cluster, so they are made here and in the tests' set-up, never in a migration, and several
processes may make them at the same moment.
"""

from typing import Any

import psycopg
from psycopg import errors, sql

Connection = psycopg.Connection[Any]


def may_make_roles(connection: Connection) -> bool:
    """Say whether this login may make roles on its server."""
    row = connection.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def role_exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def ensure_role(connection: Connection, name: str, *, password: str = "", may_make_databases: bool = False) -> None:
    """Make the role unless it is there. With a password it may log in; without, others switch to it."""
    create = "CREATEDB" if may_make_databases else "NOCREATEDB"
    login = sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)) if password else None
    try:
        connection.execute(
            sql.SQL("CREATE ROLE {} {} {}").format(sql.Identifier(name), sql.SQL(create), login or sql.SQL("NOLOGIN"))
        )
    except (errors.DuplicateObject, errors.UniqueViolation):
        # Made before, or by another process just now.
        _bring_up_to_date(connection, name, login=login, may_make_databases=may_make_databases)


def _bring_up_to_date(connection: Connection, name: str, *, login: sql.Composed | None, may_make_databases: bool) -> None:
    """Add what the role lacks. Left alone where nothing is missing: two processes altering one role trip over each other."""
    row = connection.execute("SELECT rolcreatedb FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    if may_make_databases and not (row and row[0]):
        _alter(connection, sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(name)))
    if login is not None:
        _alter(connection, sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), login))


def _alter(connection: Connection, statement: sql.Composed) -> None:
    try:
        connection.execute(statement)
    except errors.InternalError as error:
        if "concurrently updated" not in str(error):
            raise
        # Another process altered the same role in the same way.


def let_switch_to(connection: Connection, role: str) -> None:
    """Let the present login take on `role` with SET ROLE."""
    row = connection.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [role]).fetchone()
    if not (row and row[0]):
        _alter(connection, sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
