"""What the app role may do, table by table. Run as the owner after each migration.

Each room's AppConfig declares its own: `read_only_tables` (SELECT), `append_only_tables` (SELECT and INSERT) and
`app_functions` (functions that run with the owner's rights, which the app may call). All other tables are open to it, as far
as the walls of `row_policies` let it see their rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from psycopg import sql

from config.runtime import row_policies

Connection = psycopg.Connection[Any]

# Triggers made by pgtrigger ask this function whether to stand aside, and by default whoever is connected may tell it to.
NO_STANDING_ASIDE = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
LANGUAGE plpgsql AS $$ BEGIN RETURN FALSE; END $$
"""

FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.proname, p.prosecdef
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
  AND pg_has_role(current_user, p.proowner, 'USAGE')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""

SEQUENCES_OF = """
SELECT quote_ident(s.relname) FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace = 'public'::regnamespace
WHERE d.deptype IN ('a', 'i') AND t.relname = ANY(%s)
"""


class UndeclaredError(RuntimeError):
    """An AppConfig names a table or a function that the database does not have."""


@dataclass(frozen=True)
class Grants:
    """What the rooms declare, together."""

    read_only: frozenset[str] = frozenset()
    append_only: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()

    @classmethod
    def declared(cls) -> "Grants":
        def gather(attribute: str) -> frozenset[str]:
            return frozenset(name for room in apps.get_app_configs() for name in getattr(room, attribute, ()))

        return cls(gather("read_only_tables"), gather("append_only_tables"), gather("app_functions"))


def harden(connection: Connection, *, app_role: str, grants: Grants) -> None:
    """Give the app role its rights on the database the owner's `connection` is in, and take the rest away.

    Raises UndeclaredError when a declared table or function is not there.
    """
    with connection.transaction():
        _check_tables(connection, grants)
        _open_all_tables(connection, app_role)
        _close(connection, app_role, grants.read_only | {"django_migrations"}, "INSERT, UPDATE, DELETE, TRUNCATE")
        _close(connection, app_role, grants.append_only, "UPDATE, DELETE, TRUNCATE")
        _close_sequences(connection, app_role, grants.read_only)
        row_policies.lay(
            connection, app_role=app_role, walls=row_policies.declared_walls(), guarded=row_policies.guarded_tables()
        )
        connection.execute(NO_STANDING_ASIDE)
        _grant_functions(connection, app_role, grants.functions)


def _check_tables(connection: Connection, grants: Grants) -> None:
    there = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    if missing := sorted((grants.read_only | grants.append_only) - there):
        raise UndeclaredError(f"AppConfigs declare tables that are not there: {', '.join(missing)}. Correct the names.")


def _open_all_tables(connection: Connection, role: str) -> None:
    for statement in (
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
    ):
        connection.execute(sql.SQL(statement).format(sql.Identifier(role)))


def _close(connection: Connection, role: str, tables: Iterable[str], rights: str) -> None:
    for table in sorted(tables):
        connection.execute(
            sql.SQL("REVOKE {} ON {} FROM {}, PUBLIC").format(
                sql.SQL(rights), sql.Identifier("public", table), sql.Identifier(role)
            )
        )


def _close_sequences(connection: Connection, role: str, tables: frozenset[str]) -> None:
    for (sequence,) in connection.execute(SEQUENCES_OF, [list(tables)]).fetchall():
        connection.execute(sql.SQL("REVOKE ALL ON SEQUENCE public.{} FROM {}").format(sql.SQL(sequence), sql.Identifier(role)))


def _grant_functions(connection: Connection, role: str, allowed: frozenset[str]) -> None:
    """Close every function to the public; open the declared ones, and those that run with the caller's own rights anyway."""
    found = connection.execute(FUNCTIONS).fetchall()
    if missing := sorted(allowed - {name for _, name, _ in found}):
        raise UndeclaredError(f"AppConfigs declare functions that are not there: {', '.join(missing)}. Correct the names.")
    for signature, name, runs_as_owner in found:
        target = sql.SQL(signature)
        connection.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC, {}").format(target, sql.Identifier(role)))
        if name in allowed or not runs_as_owner:
            connection.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(target, sql.Identifier(role)))
