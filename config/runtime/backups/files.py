"""Files: copied with their SHA-256, on the disk before they have their name, and which of them the rows name."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import FileField
from psycopg import sql

from config.runtime.backups.manifest import CHUNK, Member

Connection = psycopg.Connection[Any]
COLUMNS = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"


def copy(source: Path, target: Path, *, mode: int = 0o600) -> Member:
    """Copy a file, whole and on the disk before it has its name. Raises FileNotFoundError where the source is not there."""
    with source.open("rb") as read:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{secrets.token_hex(8)}.partial")
        try:
            member = _write(read, partial, mode)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    return member


def _write(read: Any, path: Path, mode: int) -> Member:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        while block := read.read(CHUNK):
            digest.update(block)
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return Member(size, digest.hexdigest())


def write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a small file, whole and on the disk before it has its name."""
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Let what a file, or a folder's list of names, says be on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_folders(top: Path) -> None:
    for folder in [path for path in top.rglob("*") if path.is_dir()]:
        sync(folder)
    sync(top)


def files_under(top: Path) -> Iterator[str]:
    """Yield the names of the files in a folder and those below it; not those whose name begins with a dot."""
    for path in sorted(top.rglob("*")) if top.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield str(path.relative_to(top))


def named_by_rows(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield each kept file that a row names: its name, the SHA-256 the row states (or none), and the row."""
    # An older version's database has not all of the columns.
    there = set(connection.execute(COLUMNS).fetchall())
    for model in apps.get_models():
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField) and (table, field.column) in there:
                yield from _named_by(connection, table, str(field.column), (table, "sha256") in there)


def _named_by(connection: Connection, table: str, column: str, has_sha: bool) -> Iterator[tuple[str, str, str]]:
    name, file = sql.Identifier("public", table), sql.Identifier(column)
    sha = sql.Identifier("sha256") if has_sha else sql.SQL("''")
    query = sql.SQL("SELECT {}, {}, id FROM {} WHERE {} <> '' ORDER BY id").format(file, sha, name, file)
    with connection.cursor(name=f"files_of_{table}") as cursor:
        for kept, digest, number in cursor.execute(query):
            yield kept, digest, f"{table} {number}"


def anchors_named_by_rows(connection: Connection) -> dict[str, str]:
    """Return the names of the files of anchors and accepted restores that rows know, with their SHA-256."""
    named: dict[str, str] = {}
    for table in ("budgets_anchor", "budgets_acceptedrestore"):
        there = connection.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone()
        if there and there[0]:
            query = sql.SQL("SELECT name, digest FROM {} ORDER BY number").format(sql.Identifier("public", table))
            named |= dict(connection.execute(query).fetchall())
    return named
