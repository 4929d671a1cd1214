"""A login of its own with the app's rights, and a digest of what it must not be able to change."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from budgets.apps import BudgetsConfig
from config.runtime.logins import Login
from core import walls
from tests.measures.harness import Setting

TABLES = BudgetsConfig.read_only_tables
ROWS = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"
# What guards the rows: who owns and may touch the tables, their triggers, and the functions.
GUARDS = """
SELECT md5(string_agg(g, '|' ORDER BY g)) FROM (
    SELECT format('%%s %%s %%s %%s', c.oid, c.relowner, c.relacl, c.relrowsecurity) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%(tables)s)
    UNION ALL SELECT format('%%s %%s %%s', t.tgrelid, t.tgname, t.tgenabled) FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%%s %%s %%s %%s %%s', p.oid, p.proacl, p.proconfig, p.prosecdef, md5(p.prosrc)) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('%%s %%s', s.oid, s.relacl) FROM pg_class s
    WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%%s %%s %%s', r.oid, r.rolsuper, r.rolcreaterole) FROM pg_roles r
    WHERE r.rolname IN (%(role)s, 'r10_helper')
    UNION ALL SELECT format('%%s %%s', s.setrole, s.setconfig) FROM pg_db_role_setting s
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
       OR s.setrole = (SELECT oid FROM pg_roles WHERE rolname = %(role)s)
    UNION ALL SELECT format('%%s %%s', d.defaclrole, d.defaclacl) FROM pg_default_acl d
) x(g)
"""


@contextmanager
def app_login(setting: Setting, login: Login) -> Iterator[Login]:
    """Make a role that logs in by itself and has what the app role has, no more; and take it away again.

    It sees all rows: whoever holds the app's login may say so.
    """
    name, password = f"purser_r10_{os.getpid()}", secrets.token_hex(16)
    admin = setting.server.to(login.dbname)
    create = sql.SQL("CREATE ROLE {} LOGIN INHERIT PASSWORD {} IN ROLE {}")
    roles = sql.Identifier(name), sql.Literal(password), sql.Identifier(settings.DATABASE_APP_ROLE)
    with admin.connect() as connection:
        connection.execute(create.format(*roles))
    try:
        yield replace(admin, user=name, password=password, options=f"-c {walls.SETTING}={walls.ALL}")
    finally:
        with admin.connect() as connection:
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def digest(admin: psycopg.Connection[Any], role: str) -> dict[str, str]:
    """Return a digest of each ledger table, and of what guards them."""
    return {
        **{table: _rows_of(admin, table) for table in TABLES},
        "guards": _one(admin.execute(GUARDS, {"tables": TABLES, "role": role})),
    }


def _rows_of(admin: psycopg.Connection[Any], table: str) -> str:
    try:
        return _one(admin.execute(sql.SQL(ROWS).format(sql.Identifier("public", table))))
    except psycopg.errors.UndefinedTable:
        return "gone"


def _one(cursor: psycopg.Cursor[Any]) -> str:
    row = cursor.fetchone()
    assert row is not None
    return str(row[0])
