"""An empty place that is gone afterwards: to restore a backup into and look."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import Place, is_embedded, keys_in_settings, owner_in_settings
from config.runtime.database import Database, embedded, given
from config.runtime.embedded import EmbeddedServer, EmbeddedServerError, home_of, sweep_homes_of_dead
from config.runtime.logins import Login


@contextmanager
def temporary_place() -> Iterator[Place]:
    """Give an empty place: on the server of DATABASE_URL where its login may make databases, else on a server of its own."""
    var = Path(tempfile.mkdtemp(prefix="purser-verify-"))
    try:
        with _database() as (database, admin):
            yield Place(
                database, admin, var, var / "files", var / "anchors", {**keys_in_settings(), "secret_key": var / "secret_key"}
            )
    finally:
        shutil.rmtree(var, ignore_errors=True)


@contextmanager
def _database() -> Iterator[tuple[Database, Login]]:
    login = None if is_embedded() else owner_in_settings()
    if login is not None and _may_make_databases(login):
        with _temporary_database(login) as name:
            yield given(login.to(name), app_role=settings.DATABASE_APP_ROLE), login.to(name)
        return
    with _temporary_server() as server:
        database = embedded(server, owner_role=settings.DATABASE_OWNER_ROLE, app_role=settings.DATABASE_APP_ROLE)
        yield database, server.admin.to(database.owner.dbname)


def _may_make_databases(login: Login) -> bool:
    with login.to("postgres").connect() as connection:
        row = connection.execute("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


@contextmanager
def _temporary_database(login: Login) -> Iterator[str]:
    name = f"{login.dbname}_verify_{os.getpid()}"[-63:]
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with login.to("postgres").connect() as server:
        server.execute(drop)
        # Whatever the server's own template has got into it, this one is empty.
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield name
    finally:
        with suppress(psycopg.OperationalError), login.to("postgres").connect() as server:
            server.execute(drop)


@contextmanager
def _temporary_server() -> Iterator[EmbeddedServer]:
    base = home_of(Path(settings.VAR_DIR))
    sweep_homes_of_dead(base)
    server = EmbeddedServer(base / f"tests-verify-{os.getpid()}", for_tests=True)
    try:
        server.start()
    except EmbeddedServerError as error:
        raise BackupError(f"There is no empty place to restore into. {error}") from error
    try:
        yield server
    finally:
        server.remove()
