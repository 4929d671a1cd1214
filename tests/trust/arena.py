"""One database and one folder of files for all scenarios: whatever an attempt changes is put back, table by table."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import FileField
from psycopg import sql

from tests.trust.state import Digest, Notes, State, differences, tables_of

SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE schemaname = 'public'"
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
)
TRIGGERS = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
STATES = {"O": "ENABLE TRIGGER", "A": "ENABLE ALWAYS TRIGGER", "R": "ENABLE REPLICA TRIGGER", "D": "DISABLE TRIGGER"}
GONE = 5000


class Files:
    """The folder of kept files, and a copy of it beside."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.copy = folder, folder.with_name(f"{folder.name}.kept")

    def keep(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.folder, self.copy)

    def put_back(self) -> None:
        if _names(self.folder) != _names(self.copy):
            shutil.rmtree(self.folder)
            shutil.copytree(self.copy, self.folder)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _names(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


class Copies:
    """Copies of tables in a schema of their own, and the numbers that sequences stood at."""

    def __init__(self, admin: psycopg.Connection[Any], schema: str) -> None:
        self.admin, self.schema = admin, schema
        self.sequences = admin.execute(SEQUENCES).fetchall()
        self.tables: set[str] = set()
        admin.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))

    def keep(self, tables: list[str]) -> None:
        for table in tables:
            parts = map(sql.Identifier, (self.schema, table, "public", table))
            self.admin.execute(sql.SQL("CREATE UNLOGGED TABLE {}.{} AS TABLE {}.{}").format(*parts))
        self.tables |= set(tables)

    def put_back(self, tables: list[str]) -> None:
        """Let these tables be as their copies. Their triggers, which let no ledger row go, are off for that long."""
        with self.admin.transaction():
            for table in tables:
                self._put_back(table)

    def put_back_sequences(self) -> None:
        """Let the next ids be those that they were: two runs that do the same are then equal to the last bit."""
        calls = [f"setval('{name}', {last or 1}, {str(last is not None).lower()})" for name, last in self.sequences]
        self.admin.execute(f"SELECT {', '.join(calls)}")

    def drop(self) -> None:
        self.admin.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(self.schema)))

    def _put_back(self, table: str) -> None:
        public = sql.Identifier("public", table)
        states = self.admin.execute(TRIGGERS, [f"public.{table}"]).fetchall()
        named = self.admin.execute(COLUMNS, [f"public.{table}"])
        columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in named)
        self.admin.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(public))
        self.admin.execute(sql.SQL("DELETE FROM {}").format(public))
        copy = "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}"
        self.admin.execute(sql.SQL(copy).format(public, columns, columns, sql.Identifier(self.schema, table)))
        self.admin.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER ALL").format(public))
        for name, state in states:
            how = sql.SQL(STATES[state])
            self.admin.execute(sql.SQL("ALTER TABLE {} {} {}").format(public, how, sql.Identifier(name)))


class Arena:
    """The database that Django's connection stands on as the app, and the admin's own connection to it."""

    def __init__(self, admin: psycopg.Connection[Any], files: Files) -> None:
        self.admin, self.files = admin, files
        name = sql.Identifier(admin.info.dbname)
        # A commit is a commit also where nobody waits for the disk; no power fails here.
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        admin.execute("SET synchronous_commit = off")
        # So many tables make a dear plan, and to compile it took a second a digest, where statistics said so.
        admin.execute("SET jit = off")
        self.all_tables = tables_of(admin)
        self.whole = State.whole(self.all_tables)
        self.state, self.before = self.whole, self.whole.digest(admin)
        self.ground = self.kept = Copies(admin, "r05_ground")
        self.ground.keep(self.all_tables)
        self.ground_state = self.world_state = self.before
        # Whether the world is known to be as it was built.
        self.is_untouched = False

    @contextmanager
    def world(self, build: Any, notes: Notes) -> Iterator[Any]:
        """Build a world on the ground, and take it away at the end. Gives what `build` returned."""
        self.files.remove()
        self.files.keep()
        built = build()
        connection.close()
        self.files.keep()
        self.kept = Copies(self.admin, "r05_world")
        self.world_state = self.whole.digest(self.admin)
        self.kept.keep(differences(self.world_state, self.ground_state))
        self.state = State.of(self.all_tables, notes)
        self.before, self.is_untouched = self.digest(), False
        try:
            yield built
        finally:
            connection.close()
            self.kept.drop()
            self.kept = self.ground
            self.ground.put_back(differences(self.whole.digest(self.admin), self.ground_state))
            self.ground.put_back_sequences()

    def digest(self, *, loose: bool = False) -> Digest:
        """Return the state that is durable now."""
        return self.state.digest(self.admin, loose=loose)

    def put_back(self) -> None:
        """Let everything be as the world was built, also what the next ids will be."""
        self.files.put_back()
        if not self.is_untouched:
            changed = differences(self.whole.digest(self.admin), self.world_state)
            self.kept.put_back([table for table in changed if table in self.kept.tables])
            self.ground.put_back([table for table in changed if table not in self.kept.tables])
        self.is_untouched = False
        self.kept.put_back_sequences()

    def kill(self, pid: int) -> None:
        """End a backend, and wait until it is gone."""
        self.admin.execute("SELECT pg_terminate_backend(%s, %s)", [pid, GONE])

    def missing_files(self) -> list[str]:
        """Return what a row names that is not on the disk. A file without a row is harmless."""
        return [name for folder, name in self._named() if not (folder / name).is_file()]

    def _named(self) -> Iterator[tuple[Path, str]]:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, FileField):
                    for (name,) in self.admin.execute(f"SELECT {field.column} FROM {model._meta.db_table}"):
                        yield Path(settings.MEDIA_ROOT), name
        for (name,) in self.admin.execute("SELECT name FROM budgets_anchor"):
            yield Path(settings.ANCHOR_DIR), name
