"""Taking a backup, while the product runs: one new folder, whole or not at all.

The database is dumped and its tables are hashed in one snapshot. Files are copied after it, while none may be removed
(core/services/files.py): each row of the snapshot then has its file. The folder gets its name when all of it is on the disk.
"""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from config.runtime.backups import files, programs, tables
from config.runtime.backups.base import note_need, take_base
from config.runtime.backups.errors import BackupError
from config.runtime.backups.manifest import DUMP, NAME, Manifest, Member, sha256_of
from config.runtime.backups.places import Place
from config.runtime.backups.versions import applied_migrations, version_here
from core import clock
from core.locks import FILES_STAY

Connection = psycopg.Connection[Any]
Say = Callable[[str], None]
PREFIX = "purser-"
# What waits for a backup to end: files that are to be removed. They wait for rows first, then for this.
LOCK = f"SELECT pg_advisory_lock({FILES_STAY})"
COMPRESSION = 3


@dataclass(frozen=True)
class Taken:
    """A backup that was taken, and the older ones that were removed for it."""

    folder: Path
    manifest: Manifest
    removed: list[str] = field(default_factory=list)


def take_backup(*, place: Place, into: Path, with_keys: bool = False, say: Say = lambda _: None) -> Taken:
    """Make a new backup in the folder `into`. Raises BackupError, OSError; then nothing of it is left."""
    into.mkdir(parents=True, exist_ok=True)
    with only_one(into):
        name = free_name(into, clock.now())
        partial = into / f".{name}.partial"
        partial.mkdir(mode=0o700)
        try:
            manifest = _fill(place, partial, name, with_keys, say)
            files.write(partial / NAME, manifest.content())
            files.sync_folders(partial)
            partial.rename(into / name)
            files.sync(into)
            note_need(place, into / name, manifest.point_in_time)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Taken(into / name, manifest)


@contextmanager
def only_one(into: Path) -> Iterator[None]:
    """Let one backup at a time be made in a folder, and sweep what one left that was killed."""
    with (into / ".purser-backup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup is being made in {into}. Wait for it, or name another folder.") from None
        for left in into.glob(f".{PREFIX}*.partial"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def free_name(into: Path, now: datetime) -> str:
    """Return a name that sorts by the moment."""
    first = f"{PREFIX}{now:%Y%m%dT%H%M%SZ}"
    names = (first if number == 1 else f"{first}-{number}" for number in range(1, 1000))
    return next(name for name in names if not (into / name).exists())


def _fill(place: Place, folder: Path, name: str, with_keys: bool, say: Say) -> Manifest:
    # The base comes first: from it the archive leads to every moment after this backup.
    point_in_time, members = take_base(place, folder)
    with _files_stay(place):
        with tables.snapshot(place.admin) as (database, shared):
            manifest = _describe(database, name)
            chosen = programs.to_dump(database.info.server_version)
            manifest.programs = f"pg_dump {chosen.version}, {chosen.why}"
            members[DUMP] = _dump(place, folder / DUMP, chosen, shared, say)
            say("Hashing every table")
            manifest.tables = tables.sums_of(database)
            named = {file: digest for file, digest, _ in files.named_by_rows(database)}
            anchors = files.anchors_named_by_rows(database)
        manifest.missing = sorted(
            _copy_files(place, folder, named, members, say) + _copy_anchors(place, folder, anchors, members)
        )
    if with_keys:
        manifest.has_keys = True
        members |= {f"keys/{key}": files.copy(path, folder / "keys" / key) for key, path in place.keys.items() if path.is_file()}
    manifest.members, manifest.point_in_time = members, point_in_time
    return manifest


@contextmanager
def _files_stay(place: Place) -> Iterator[None]:
    """Let no kept file be removed in this block. The server lets the lock go with this process, whatever ends it."""
    with place.admin.connect() as holder:
        holder.execute("SET idle_session_timeout = 0")
        holder.execute(LOCK)
        yield
        # Closing the connection would do, but some moments later.
        holder.execute("SELECT pg_advisory_unlock_all()")


def _describe(database: Connection, name: str) -> Manifest:
    row = database.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')").fetchone()
    return Manifest(
        name=name,
        taken_at=row[0] if row else "",
        version=version_here(),
        server=f"PostgreSQL {database.info.parameter_status('server_version')}",
        programs="",
        migrations=applied_migrations(database),
        tables={},
        ledger=_ledger(database),
        members={},
    )


def _ledger(database: Connection) -> dict[str, Any]:
    """Count the ledger, and hash the heads of its chains: lines of account, number of the last link, its hash."""
    there = database.execute("SELECT to_regclass('public.budgets_fundsaccount')").fetchone()
    if not (there and there[0]):
        return {}
    digest = hashlib.sha256()
    heads = database.execute("SELECT id, seq, encode(head, 'hex') FROM public.budgets_fundsaccount ORDER BY id").fetchall()
    for head in heads:
        digest.update(f"{head[0]} {head[1]} {head[2]}\n".encode())
    counted = database.execute(
        "SELECT (SELECT count(*) FROM public.budgets_journal), (SELECT count(*) FROM public.budgets_entry)"
    )
    journals, entries = counted.fetchone() or (0, 0)
    return {"accounts": len(heads), "journals": journals, "entries": entries, "heads_sha256": digest.hexdigest()}


def _dump(place: Place, path: Path, chosen: programs.Programs, shared: str, say: Say) -> Member:
    """Write the database as SQL, packed. Owners and rights are left out: a restore gives them anew."""
    say(f"Dumping the database by pg_dump {chosen.version}, {chosen.why}")
    command = dump_command(chosen, shared, path)
    with tempfile.TemporaryFile() as words:
        done = subprocess.run(
            command, env=programs.environment_for(place.admin), stderr=words, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            words.seek(0)
            raise BackupError(f"pg_dump failed: {words.read().decode(errors='replace').strip()[-2000:]}")
    path.chmod(0o600)
    files.sync(path)
    return Member(path.stat().st_size, sha256_of(path))


def dump_command(chosen: programs.Programs, shared: str, path: Path) -> list[str]:
    return [chosen.path("pg_dump"), f"--snapshot={shared}", "--no-owner", "--no-privileges", "--encoding=UTF8",
            f"--compress={COMPRESSION}", f"--file={path}"]  # fmt: skip


def _copy_files(place: Place, folder: Path, named: dict[str, str], members: dict[str, Member], say: Say) -> list[str]:
    """Copy what is kept, and return what rows name that is not there, or that is not what its row says."""
    wrong, present = [], set[str]()
    for number, name in enumerate(files.files_under(place.files), 1):
        try:
            member = members[f"files/{name}"] = files.copy(place.files / name, folder / "files" / name)
        except FileNotFoundError:
            continue  # it was no row's, or it stands among the missing below
        present.add(name)
        if named.get(name) not in (None, "", member.sha256):
            wrong.append(f"{name} is not the file that its row describes")
        if number % 500 == 0:
            say(f"Copied {number:,} files")
    return wrong + [f"{name} is not there" for name in named if name not in present]


def _copy_anchors(place: Place, folder: Path, anchors: dict[str, str], members: dict[str, Member]) -> list[str]:
    """Copy the anchors that the snapshot knows: later ones tell of what is not in this backup."""
    wrong = []
    for name, digest in anchors.items():
        try:
            member = members[f"anchors/{name}"] = files.copy(place.anchors / name, folder / "anchors" / name, mode=0o444)
        except FileNotFoundError:
            wrong.append(f"{name} is not in {place.anchors}")
            continue
        if member.sha256 != digest:
            wrong.append(f"{name} is not the anchor that was taken")
    return wrong
