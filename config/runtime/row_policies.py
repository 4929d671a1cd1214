"""Row-level security: the wall behind the selectors. Laid by the owner after each migration, for the app role alone.

Each room's AppConfig declares its `walled_tables`: a table's name, and the foreign key that leads to its entity, or to the row
that it is a part of: a part is seen where the whole is seen. Of several, one that leads to something seen is enough.
What is written may point only at what its writer sees, by any foreign key to another walled table.

The policies do not hold for the owner: migrations, foreign keys and functions with the owner's rights go through. What the app
role writes through such a function is held by a trigger on `guarded_tables`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from django.db import models
from psycopg import sql

Connection = psycopg.Connection[Any]
NAME = "within_reach"
ENTITIES = "core_entity"

# Each is asked for once a statement, not once a row.
SEES_ALL = "(SELECT current_setting('purser.reach', true) = 'all')"
SEES_SOME = "(SELECT current_setting('purser.reach', true) LIKE '{%')"
REACH = (
    "(SELECT CASE WHEN current_setting('purser.reach', true) LIKE '{%' THEN current_setting('purser.reach', true)::bigint[] END)"
)

# A function with the owner's rights runs as the owner; who called it is told by the session's role.
GUARD = f"""
CREATE OR REPLACE FUNCTION public.core_within_reach() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_role text := current_setting('role');
BEGIN
    IF current_setting('purser.reach', true) = 'all' OR NEW.entity_id = ANY ({REACH}::bigint[])
       OR coalesce(nullif(v_role, 'none'), session_user) = current_user THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'This session does not reach entity %.', NEW.entity_id USING ERRCODE = 'insufficient_privilege';
END $$
"""


class UnwallableError(RuntimeError):
    """A declaration that no wall can be built from, or a role that walls do not hold."""


@dataclass(frozen=True)
class Wall:
    """A walled table: its columns that lead to an entity or to a whole, and all that point at walled rows.

    Each is (column, table pointed at, may be null).
    """

    table: str
    ways: tuple[tuple[str, str, bool], ...]
    pointers: tuple[tuple[str, str, bool], ...] = ()


def declared_walls() -> list[Wall]:
    """Return the walls that the rooms declare. Raises UnwallableError for a table or a way that is not there."""
    named: dict[str, tuple[str, ...]] = {}
    for room in apps.get_app_configs():
        for table, ways in getattr(room, "walled_tables", {}).items():
            named[table] = (ways,) if isinstance(ways, str) else tuple(ways)
    return [_wall(table, ways, named) for table, ways in sorted(named.items())]


def guarded_tables() -> list[str]:
    """Return the tables that only functions with the owner's rights write, and whose rows name their entity."""
    return sorted(table for room in apps.get_app_configs() for table in getattr(room, "guarded_tables", ()))


def models_by_table() -> dict[str, type[models.Model]]:
    """Return every model's class by its table, those that join two others included."""
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def _wall(table: str, ways: tuple[str, ...], named: Mapping[str, tuple[str, ...]]) -> Wall:
    model = models_by_table().get(table)
    if model is None:
        raise UnwallableError(f"AppConfigs wall {table}, which is no model's table. Correct the name.")
    links = {name: (column, target, null) for name, column, target, null in _links_of(model)}

    for way in ways:
        if way not in links or links[way][1] not in {*named, ENTITIES}:
            raise UnwallableError(f"{table} is to be walled by {way!r}, which leads to no entity and to no walled table.")
    # A table's own policy cannot look into the table again, nor into a part of it: PostgreSQL calls that an infinite recursion.
    # Such a pointer has a trigger of its own.
    pointers = tuple(link for link in links.values() if link[1] in named and table not in _wholes_of(link[1], named))
    return Wall(table, tuple(links[way] for way in ways), pointers)


def _wholes_of(table: str, named: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return a walled table, and all that its ways lead to."""
    links = {name: target for name, _, target, _ in _links_of(models_by_table()[table])}
    further = {links[way] for way in named[table] if links.get(way) in named} - {table}
    return {table}.union(*(_wholes_of(each, named) for each in further))


def _links_of(model: type[models.Model]) -> Iterator[tuple[str, str, str, bool]]:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            yield field.name, field.column, field.related_model._meta.db_table, field.null


def lay(connection: Connection, *, app_role: str, walls: list[Wall], guarded: list[str]) -> None:
    """Lay every wall anew, and take down what is declared no more. Raises UnwallableError where the role would not be held."""
    row = connection.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [app_role]).fetchone()
    if row and row[0]:
        raise UnwallableError(
            f"{app_role} may bypass row security. ALTER ROLE {app_role} NOSUPERUSER NOBYPASSRLS; then prepare again."
        )
    _take_down(connection, {wall.table for wall in walls})
    for wall in walls:
        _lay(connection, app_role, wall)
    connection.execute(GUARD)
    for table in guarded:
        connection.execute(_guard(table))
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(_public(table), sql.Identifier(NAME)))


def _take_down(connection: Connection, kept: set[str]) -> None:
    laid = connection.execute("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'").fetchall()
    for table, policy in laid:
        connection.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), _public(table)))
        if table not in kept:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(_public(table)))


def _lay(connection: Connection, app_role: str, wall: Wall) -> None:
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(_public(wall.table)))
    statement = sql.SQL("CREATE POLICY {} ON {} FOR ALL TO {} USING ({}) WITH CHECK ({})")
    connection.execute(
        statement.format(
            sql.Identifier(NAME), _public(wall.table), sql.Identifier(app_role), sql.SQL(seen(wall)), sql.SQL(writable(wall))
        )
    )


def seen(wall: Wall) -> str:
    """Return the condition under which a row is seen."""
    return f"{SEES_ALL} OR {' OR '.join(_leads(wall.table, *way) for way in wall.ways)}"


def writable(wall: Wall) -> str:
    """Return the condition that a row must meet when it was written: it is seen, and so is all that it points at."""
    others = [link for link in wall.pointers if link not in wall.ways or len(wall.ways) > 1]
    named = [f"({wall.table}.{column} IS NULL OR {_sees(wall.table, column, table)})" for column, table, _ in others]
    mine = " OR ".join(_leads(wall.table, *way) for way in wall.ways)
    return f"{SEES_ALL} OR ({' AND '.join([f'({mine})', *named])})"


def _leads(table: str, column: str, target: str, null: bool) -> str:
    if target != ENTITIES:
        return _sees(table, column, target)
    mine = f"{table}.{column} = ANY ({REACH}::bigint[])"
    # What belongs to no entity is open to whoever says who looks.
    return f"{mine} OR ({table}.{column} IS NULL AND {SEES_SOME})" if null else mine


def _sees(table: str, column: str, target: str) -> str:
    # EXISTS leaves it to the planner to look each one up or to hash them all; the whole's own policy holds inside.
    return f"EXISTS (SELECT FROM public.{target} whole WHERE whole.id = {table}.{column})"


def _guard(table: str) -> sql.Composed:
    return sql.SQL(
        "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION core_within_reach()"
    ).format(sql.Identifier(NAME), _public(table))


def _public(table: str) -> sql.Identifier:
    return sql.Identifier("public", table)


def unwalled_tables(walls: Mapping[str, Any]) -> list[str]:
    """Return the tables from which foreign keys lead to an entity, and which have no wall."""
    leads = {ENTITIES}
    found: set[str] = set()
    links = {table: {target for _, _, target, _ in _links_of(model)} for table, model in models_by_table().items()}
    while more := {table for table, targets in links.items() if targets & leads and table not in leads}:
        leads |= more
        found |= more
    return sorted(found - set(walls))
