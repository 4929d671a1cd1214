"""Looks at the database: its version, the app's role, and whether each wall stands."""

from collections.abc import Iterator

import pgtrigger
import psycopg
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from psycopg import errors, sql

from config.operations.judging import database as judging
from config.operations.looking.ground import Ground, Look
from config.operations.parts import Part
from config.runtime.hardening import Grants
from config.runtime.row_policies import declared_walls
from core import walls

WAYS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_ROLES = """
SELECT current_user, session_user, me.rolsuper, login.rolsuper, me.rolbypassrls,
       EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(current_user, tableowner, 'USAGE')),
       EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
FROM pg_roles me, pg_roles login WHERE me.rolname = current_user AND login.rolname = session_user
"""
_ENCODING = """
SELECT pg_encoding_to_char(d.encoding), d.datcollate,
       coalesce((SELECT bool_and(c.collisdeterministic) FROM pg_collation c WHERE c.collname = 'default'), true)
FROM pg_database d WHERE d.datname = current_database()
"""
_DISABLED = """
SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled IN ('D', 'R') AND c.relnamespace = 'public'::regnamespace
"""
_TRIGGERS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
_RIGHTS = """
SELECT t.name || ': ' || w.way FROM unnest(%s::text[]) t(name), unnest(%s::text[]) w(way)
WHERE has_table_privilege(current_user, 'public.' || t.name, w.way)
"""
_FUNCTIONS = """
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.prosecdef
  AND p.proname <> ALL (%s) AND has_function_privilege(current_user, p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid)
"""
_WALLED = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
  AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
"""
_ASIDE = "SELECT prosrc FROM pg_proc WHERE proname = '_pgtrigger_should_ignore' AND pronamespace = 'public'::regnamespace"


def reach(ground: Ground) -> Iterator[Part]:
    version = ground.database.info.server_version if ground.database is not None else 0
    yield from judging.judge_reach(version, ground.failure)


def encoding(ground: Ground) -> Iterator[Part]:
    name, collation, deterministic = ground.one(_ENCODING)
    yield judging.judge_encoding(name, collation, deterministic_order=deterministic)


def role(ground: Ground) -> Iterator[Part]:
    current, login, is_superuser, login_superuser, bypasses, owns, exists = ground.one(_ROLES, settings.DATABASE_APP_ROLE)
    ground.one_role = current != settings.DATABASE_APP_ROLE and (owns or is_superuser)
    wanted = settings.DATABASE_APP_ROLE
    yield judging.judge_role(
        judging.Roles(current, login, wanted, is_superuser, login_superuser, bypasses, owns, wanted_exists=exists)
    )


def ledger_walls(ground: Ground) -> Iterator[Part]:
    """Try for real, in a transaction that is rolled back, to write where the app only reads."""
    if ground.one_role:
        yield judging.judge_ledger_walls([], 0, one_role=True)
        return
    grants = Grants.declared()
    ways = [(table, way) for table in sorted(grants.read_only) for way in WAYS]
    ways += [(table, way) for table in sorted(grants.append_only) for way in WAYS[1:]]
    succeeded = [f"{way} {table}" for table, way in ways if not _is_refused(ground, table, way)]
    yield judging.judge_ledger_walls(succeeded, len(ways), one_role=False)


def _is_refused(ground: Ground, table: str, way: str) -> bool:
    """Say whether the server refuses for want of a right. No statement touches a row, and all are taken back."""
    statements = {
        "INSERT": "INSERT INTO {0} SELECT * FROM {0} WHERE false",
        "UPDATE": "UPDATE {0} SET {1} = {1} WHERE false",
        "DELETE": "DELETE FROM {0} WHERE false",
        "TRUNCATE": "TRUNCATE {0}",
    }
    column = ground.one(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped LIMIT 1", table
    )[0]
    try:
        with ground.rows.transaction(force_rollback=True):
            ground.rows.execute(sql.SQL(statements[way]).format(sql.Identifier("public", table), sql.Identifier(column)))
    except errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        # Another reason than a missing right: the right itself is there.
        return False
    return False


def triggers(ground: Ground) -> Iterator[Part]:
    there = set(ground.column(_TRIGGERS))
    wanted = {f"{model._meta.db_table}.{trigger.name}": trigger.get_pgid(model) for model, trigger in pgtrigger.registered()}
    yield judging.judge_triggers(
        disabled=ground.column(_DISABLED),
        missing=[name for name, pgid in wanted.items() if pgid not in there],
        replication=ground.one("SHOW session_replication_role")[0],
    )


def migrations(ground: Ground) -> Iterator[Part]:
    loader = MigrationLoader(None)
    on_disk = {f"{app}.{name}" for app, name in loader.graph.nodes}
    applied = set(ground.column("SELECT app || '.' || name FROM django_migrations"))
    ours = {config.label for config in apps.get_app_configs()}
    replaced = {f"{app}.{name}" for app, name in loader.disk_migrations}
    unknown = {each for each in applied - on_disk - replaced if each.partition(".")[0] in ours}
    yield judging.judge_migrations(on_disk - applied, unknown)


def hardening(ground: Ground) -> Iterator[Part]:
    grants = Grants.declared()
    read_only, append_only = sorted(grants.read_only | {"django_migrations"}), sorted(grants.append_only)
    too_open = ground.column(_RIGHTS, read_only, list(WAYS)) + ground.column(_RIGHTS, append_only, list(WAYS[1:]))
    too_open += [f"{name}()" for name in ground.column(_FUNCTIONS, sorted(grants.functions))]
    stands_aside = any("RETURN FALSE" not in source.upper() for source in ground.column(_ASIDE))
    yield judging.judge_hardening(too_open, stands_aside=stands_aside, one_role=ground.one_role)


def row_security(ground: Ground) -> Iterator[Part]:
    """Look whether each wall is laid, and look through them as a session that stands for nobody."""
    tables = [wall.table for wall in declared_walls()]
    laid = set(ground.column(_WALLED))
    seen: dict[str, int] = {}
    with ground.rows.transaction(force_rollback=True):
        ground.rows.execute("SELECT set_config(%s, %s, true)", [walls.SETTING, walls.NOTHING])
        for table in tables:
            seen[table] = int(ground.one(f'SELECT EXISTS (SELECT FROM public."{table}")')[0])  # noqa: S608  a name of ours
    shown = {} if ground.one_role else seen
    unguarded = [] if ground.one_role else [table for table in tables if table not in laid]
    yield judging.judge_rows(unguarded, shown, walled=len(tables), one_role=ground.one_role)


def clock(ground: Ground) -> Iterator[Part]:
    import time

    before = time.time()
    there = float(ground.one("SELECT extract(epoch FROM clock_timestamp())")[0])
    yield judging.judge_clock((before + time.time()) / 2 - there)


LOOKS = (
    Look(("database", "database-version"), reach),
    Look(("encoding",), encoding, needs_database=True),
    Look(("app-role",), role, needs_database=True),
    Look(("migrations",), migrations, needs_database=True),
    Look(("ledger-walls",), ledger_walls, needs_database=True),
    Look(("hardening",), hardening, needs_database=True),
    Look(("triggers",), triggers, needs_database=True),
    Look(("row-security",), row_security, needs_database=True),
    Look(("clock",), clock, needs_database=True),
)
