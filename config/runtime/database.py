"""The database Purser runs on: the server that DATABASE_URL names, or the embedded one."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg import errors, sql

from config.runtime.archive import Archive
from config.runtime.embedded import EmbeddedServer, home_of, write_secret
from config.runtime.logins import Login
from config.runtime.roles import ensure_role, let_switch_to, may_make_roles, role_exists

NAME = "purser"


@dataclass(frozen=True)
class Database:
    """How the owner and the app reach it. `note` says what could not be had."""

    owner: Login
    app: Login
    app_role: str
    note: str = ""


def given(login: Login, *, app_role: str) -> Database:
    """Use the server that DATABASE_URL names: its login is the owner, and the app switches to a role of its own if it may."""
    _create_database(login, login.dbname)
    with login.connect() as connection:
        if role_exists(connection, app_role) or may_make_roles(connection):
            ensure_role(connection, app_role)
            let_switch_to(connection, app_role)
            return Database(login, login.as_role(app_role), app_role)
    note = (
        f"The login of DATABASE_URL may not make roles: the ledger is guarded by triggers alone, no rows by walls. "
        f'Have an administrator run: CREATE ROLE {app_role}; GRANT {app_role} TO "{login.user}";'
    )
    return Database(login, login, "", note)


def embedded(server: EmbeddedServer, *, owner_role: str, app_role: str) -> Database:
    """Make the roles and the database on the embedded server, where they are not there yet."""
    admin = server.admin
    with admin.connect() as connection:
        for role in (owner_role, app_role):
            if not role_exists(connection, role):
                ensure_role(connection, role, password=server.password_of(role))
    _create_database(admin, NAME, owner=owner_role)
    owner = replace(admin, dbname=NAME, user=owner_role, password=server.password_of(owner_role))
    return Database(owner, replace(owner, user=app_role, password=server.password_of(app_role)), app_role)


def _create_database(login: Login, name: str, *, owner: str = "") -> None:
    """Create the database unless it is there. Where we may not even look, the connection that follows tells why."""
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if owner:
        create += sql.SQL(" OWNER {}").format(sql.Identifier(owner))
    with suppress(psycopg.OperationalError), login.to("postgres").connect() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                connection.execute(create)


@contextmanager
def embedded_server(
    var: Path, *, owner_role: str, app_role: str, archive: Archive | None = None
) -> Iterator[tuple[EmbeddedServer, Database]]:
    """Hold the embedded server up for the block. The last of the processes that hold it stops it."""
    var.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(home_of(var), archive=archive)
    with (var / "server.users").open("w") as users:
        with (var / "server.starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            server.start()
            database = embedded(server, owner_role=owner_role, app_role=app_role)
            write_secret(var / "database_url", database.app.url())
        try:
            yield server, database
        finally:
            _stop_if_last(server, users.fileno(), var / "server.starting")


def _stop_if_last(server: EmbeddedServer, users: int, starting_file: Path) -> None:
    with starting_file.open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            server.stop()
