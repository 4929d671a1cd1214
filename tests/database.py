"""The test database: made and migrated by the owner, once for all workers, used as the app role, wiped by the owner.

Stock pytest-django would do all three as one user. The app role may neither create a database nor truncate the ledger,
and a wipe must not lose the rows that migrations wrote.
"""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from config.runtime.embedded import EmbeddedServer, home_of, sweep_homes_of_dead
from config.runtime.hardening import Grants, harden
from config.runtime.logins import Login
from config.runtime.roles import ensure_role, let_switch_to
from core import walls

KEPT = "as_migrated"
# In a server of our own the template has one name, so that a kept cluster has it too.
TEMPLATE = "test_as_migrated"
TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations' ORDER BY tablename
"""
OTHERS_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'
"""
TRUNCATE_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 = 32
"""


def start_server() -> EmbeddedServer:
    """Start a server for this session of tests on a free port: a copy of one that was migrated before, where one was kept."""
    base = home_of(Path(settings.VAR_DIR))
    sweep_homes_of_dead(base)
    server = EmbeddedServer(base / f"tests-{os.getpid()}", for_tests=True)
    kept = base / f"migrated-{_fingerprint()}"
    if kept.is_dir():
        subprocess.run(["cp", "-a", str(kept), str(server.home)], check=True)
    server.start()
    return server


def end_server(server: EmbeddedServer) -> None:
    """Stop the session's server, and keep its cluster with nothing in it but the migrated template, for the next session."""
    kept = server.home.with_name(f"migrated-{_fingerprint()}")
    if kept.exists() or not _holds(server.admin, TEMPLATE):
        server.remove()
        return
    with server.admin.connect() as postgres:
        others = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> ALL(%s)"
        names = [name for (name,) in postgres.execute(others, [["postgres", TEMPLATE]])]
    drop(server.admin, *names)
    server.stop()
    for older in kept.parent.glob("migrated-*"):
        shutil.rmtree(older, ignore_errors=True)
    try:
        server.home.rename(kept)
    except OSError:
        # Another session kept its own just now.
        server.remove()


def _holds(server: Login, name: str) -> bool:
    with server.connect() as postgres:
        return postgres.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


@cache
def _fingerprint() -> str:
    """Return words that change with everything that a migrated and hardened cluster is made from."""
    root = Path(settings.BASE_DIR)
    paths = [*root.glob("*/migrations/**/*"), *root.glob("*/apps.py"), *root.glob("config/runtime/*.py")]
    made = hashlib.sha256((root / "requirements.lock").read_bytes() + Path(__file__).read_bytes())
    for path in sorted(path for path in paths if path.suffix in {".py", ".sql"}):
        made.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return made.hexdigest()[:16]


def admin_login() -> Login:
    """Return the login the tests were given: it may make roles."""
    return Login.from_settings(settings.DATABASES["default"])


def take_role(role: str, *, name: str = "") -> Login:
    """Let every connection of this process, threads included, start as `role`, in the database `name` where it is given."""
    connection.close()
    # Connections past Django, which tells nobody whose rows they see, see all as well.
    connection.settings_dict.setdefault("OPTIONS", {})["options"] = f"-c role={role} -c {walls.SETTING}={walls.ALL}"
    if name:
        connection.settings_dict["NAME"] = name
    return Login.from_settings(connection.settings_dict)


def template_on(server: Login) -> str:
    """Return the name of the template on a server that was given: it stays for the next session, until migrations change."""
    return f"test_{server.dbname}_{KEPT}_{_fingerprint()}"


def create(server: Login, *, name: str, template: str) -> None:
    """Make the database `name` as a copy of `template`, which the first process to come here migrates."""
    with server.as_role(settings.DATABASE_OWNER_ROLE).to("postgres").connect() as postgres:
        postgres.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        if not _holds(server.to("postgres"), template):
            _make_template(server, postgres, template)
        _drop(server, name)
        postgres.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))


def _make_template(server: Login, postgres: psycopg.Connection[Any], template: str) -> None:
    """Migrate a database and name it `template` once it is whole, so that a session that was cut off leaves none by that name."""
    older = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    stem = template.removesuffix(_fingerprint())
    drop(server, *(found for (found,) in postgres.execute(older, [stem]).fetchall() if stem != template))
    unfinished = f"{template}_new"
    _drop(server, unfinished)
    postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
    _migrate(unfinished)
    postgres.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (unfinished, template))))


def drop(server: Login, *names: str) -> None:
    for name in names:
        _drop(server, name)


def _drop(server: Login, name: str) -> None:
    """Drop a database with whoever is still in it. Plain DROP ends a vacuum that runs there, which FORCE may not."""
    with server.to("postgres").connect() as postgres:
        postgres.execute(OTHERS_OUT, [name])
        postgres.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _migrate(name: str) -> None:
    owner = take_role(settings.DATABASE_OWNER_ROLE, name=name)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    harden_and_keep(owner)


def make_roles(admin: Login) -> None:
    with admin.to("postgres").connect() as server:
        for role in (settings.DATABASE_OWNER_ROLE, settings.DATABASE_APP_ROLE):
            ensure_role(server, role, may_make_databases=role == settings.DATABASE_OWNER_ROLE)
            let_switch_to(server, role)


def harden_and_keep(owner: Login) -> None:
    """Give the app its rights, and remember the rows that migrations wrote."""
    with owner.connect() as database:
        harden(database, app_role=settings.DATABASE_APP_ROLE, grants=Grants.declared())
        database.execute(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE")
        database.execute(f"CREATE SCHEMA {KEPT}")
        for table in _with_rows(database, _tables(database)):
            database.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(sql.Identifier(KEPT, table), _public(table)))


def wipe(owner: Login) -> None:
    """Empty what a test filled, and put back what migrations wrote."""
    with owner.connect() as database:
        database.execute("SET lock_timeout = '20s'")
        seeded = {row[0] for row in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])}
        filled = set(_with_rows(database, _tables(database)))
        touched = (filled - seeded) | {table for table in seeded if _differs(database, table)}
        if touched:
            with database.transaction():
                _truncate(database, sorted(touched))
                _put_back(database, seeded)


def _truncate(database: psycopg.Connection[Any], tables: list[str]) -> None:
    """Empty the tables and, by CASCADE, what points at them. Append-only triggers are off for that long."""
    guards = database.execute(TRUNCATE_TRIGGERS).fetchall()
    for table, trigger, _ in guards:
        database.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(sql.SQL(table), sql.Identifier(trigger)))
    database.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(_public, tables))))
    for table, trigger, mode in guards:
        database.execute(
            sql.SQL("ALTER TABLE {} ENABLE {} TRIGGER {}").format(
                sql.SQL(table), sql.SQL("ALWAYS" if mode == "A" else ""), sql.Identifier(trigger)
            )
        )


def _put_back(database: psycopg.Connection[Any], seeded: set[str]) -> None:
    empty = seeded - set(_with_rows(database, sorted(seeded)))
    for table in sorted(empty):
        database.execute(
            sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE TABLE {}").format(_public(table), sql.Identifier(KEPT, table))
        )


def _tables(database: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in database.execute(TABLES)]


def _with_rows(database: psycopg.Connection[Any], tables: list[str]) -> list[str]:
    if not tables:
        return []
    asked = (sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), _public(table)) for table in tables)
    return [row[0] for row in database.execute(sql.SQL(" UNION ALL ").join(asked))]


def _differs(database: psycopg.Connection[Any], table: str) -> bool:
    parts = {"now": _public(table), "then": sql.Identifier(KEPT, table)}
    query = sql.SQL("SELECT (SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {now} t) IS DISTINCT FROM "
                    "(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {then} t)")  # fmt: skip
    row = database.execute(query.format(**parts)).fetchone()
    return bool(row and row[0])


def _public(table: str) -> sql.Identifier:
    return sql.Identifier("public", table)
