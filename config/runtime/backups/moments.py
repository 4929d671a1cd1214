"""Coming back to a moment between backups: a backup's base, and the archive from there on, into an empty place.

The cluster is put together beside its place, brought to the moment while nobody but us can reach it, given this place's
passwords, and only then becomes the cluster of this place.
"""

import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.runtime import archive
from config.runtime.backups import files
from config.runtime.backups.base import FOLDER, TAR
from config.runtime.backups.errors import BackupError
from config.runtime.backups.manifest import Manifest, sha256_of
from config.runtime.backups.places import Place
from config.runtime.embedded import ADMIN, EmbeddedServer

Say = Callable[[str], None]
LATEST = "latest"
PATIENCE = 24 * 3600.0
ENDED_BEFORE = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True)
class Until:
    """How far: to a moment, to a point that was named, or to the end of the archive."""

    words: str

    def settings(self) -> list[str]:
        """Return PostgreSQL's settings for it. Raises BackupError for a moment without its zone."""
        if self.words == LATEST:
            return []
        try:
            moment = datetime.fromisoformat(self.words)
        except ValueError:
            return [f"recovery_target_name = '{archive.quoted(self.words)}'", "recovery_target_action = 'promote'"]
        if moment.tzinfo is None:
            raise BackupError(f"Say in which zone {self.words} is: {self.words}Z is UTC.")
        target = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        return [f"recovery_target_time = '{target}'", "recovery_target_action = 'promote'"]


def bring_to(
    server: EmbeddedServer, folder: Path, manifest: Manifest, until: Until, wal: Path, roles: list[str], say: Say
) -> None:
    """Let the server's cluster be the backup's, at that moment. There must be none. Raises BackupError; then there is none."""
    _refuse_unless_it_can(server, manifest, until, wal)
    server.lay_out()
    fresh = server.home / "data.restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        say("Unpacking the base")
        with tarfile.open(folder / FOLDER / TAR, "r:gz") as base:
            base.extractall(fresh, filter="data")
        plain = _aim(server, fresh, until, wal)
        say(f"Following the archive to {until.words}")
        _recover(server, fresh, roles)
        plain()
        server.give(fresh)
        fresh.rename(server.data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    # A cluster that was brought back begins an archive of its own.
    (server.home / "generation").unlink(missing_ok=True)


def wal_of(folder: Path, manifest: Manifest) -> Path:
    """Return where the archive in `folder` keeps the segments that follow a backup. Raises BackupError where it has none."""
    if manifest.point_in_time is None:
        raise BackupError(f"{manifest.name} was taken without an archive: one can come back to itself only, without --until.")
    wal = archive.Archive(folder).wal(manifest.point_in_time["generation"])
    if not wal.is_dir():
        raise BackupError(f"{wal} is not there. Name the archive's folder:  --archive DIR")
    return wal


def _refuse_unless_it_can(server: EmbeddedServer, manifest: Manifest, until: Until, wal: Path) -> None:
    if (server.data / "PG_VERSION").exists():
        raise BackupError(f"There is a cluster in {server.data} already, and nothing is overwritten.")
    since = (manifest.point_in_time or {}).get("since", "")
    try:
        moment = datetime.fromisoformat(until.words)
    except ValueError:
        return
    if moment.tzinfo and moment < datetime.fromisoformat(since):
        raise BackupError(f"{manifest.name} is of {since}, later than {until.words}. Take the last backup before that moment.")


def _aim(server: EmbeddedServer, fresh: Path, until: Until, wal: Path) -> Callable[[], None]:
    """Say in the cluster how far to go; return what takes that away again."""
    own = fresh / "postgresql.auto.conf"
    before = own.read_bytes() if own.exists() else b""
    fetch = f'"{server.home / "fetch_wal"}" "%f" "%p" "{wal}"'
    aimed = [f"restore_command = '{archive.quoted(fetch)}'", *until.settings()]
    own.write_bytes(before + ("\n".join(aimed) + "\n").encode())
    (fresh / "purser.conf").write_text("archive_mode = off\n")
    (fresh / "recovery.signal").touch()
    archive.lay_out_scripts(server.home)
    server.give(fresh)

    def plain() -> None:
        own.write_bytes(before)

    return plain


def _recover(server: EmbeddedServer, fresh: Path, roles: list[str]) -> None:
    """Start the cluster where only we reach it, wait until it is at its moment, and give it this place's passwords."""
    said = server.log.stat().st_size if server.log.exists() else 0
    with _door_of_our_own(server) as (door, options):
        try:
            if not server.start_alone(fresh, options):
                raise BackupError(_why(server, said))
            _await_end(server, fresh, door, said)
            with _enter(door) as admin:
                _set_passwords(admin, server, roles)
        finally:
            server.stop_alone(fresh)


@contextmanager
def _door_of_our_own(server: EmbeddedServer) -> Iterator[tuple[Path, str]]:
    """Give a folder with a socket in it that nobody else can reach, and the options that shut every other door."""
    door = Path(tempfile.mkdtemp(prefix="purser-"))
    try:
        (door / "hba").write_text("local all all trust\n")
        server.give(door)
        doors = {"listen_addresses": "", "unix_socket_directories": str(door), "hba_file": str(door / "hba")}
        # Without hot standby nobody asks whether so many connections would do as the cluster had.
        shut = {**doors, "archive_mode": "off", "hot_standby": "off"}
        yield door, " ".join(["-p 5432", *(f"-c {name}='{value}'" for name, value in shut.items())])
    finally:
        shutil.rmtree(door, ignore_errors=True)


def _enter(door: Path) -> psycopg.Connection[Any]:
    return psycopg.connect(host=str(door), port=5432, user=ADMIN, dbname="postgres", autocommit=True)


def _await_end(server: EmbeddedServer, fresh: Path, door: Path, said: int) -> None:
    until, pause = time.monotonic() + PATIENCE, threading.Event()
    while time.monotonic() < until:
        try:
            with _enter(door) as admin:
                row = admin.execute("SELECT pg_is_in_recovery()").fetchone()
                if row and not row[0]:
                    return
        except psycopg.OperationalError:
            if not server.runs_alone(fresh):
                raise BackupError(_why(server, said)) from None
        pause.wait(0.2)
    raise BackupError(f"The archive is still being followed after a day; the server's words are in {server.log}.")


def _why(server: EmbeddedServer, said: int) -> str:
    words = server.log.read_bytes()[said:].decode(errors="replace")
    if ENDED_BEFORE in words:
        return f"The archive does not reach that moment or point. Come back to its end instead:  --until {LATEST}"
    return f"The server did not come to that moment: {words.strip()[-1500:]}"


def _set_passwords(admin: psycopg.Connection[Any], server: EmbeddedServer, roles: list[str]) -> None:
    for role in (ADMIN, *roles):
        there = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if there:
            password = sql.Literal(server.password_of(role))
            admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), password))


def put_back_files(place: Place, folder: Path, manifest: Manifest, kept: Path, *, say: Say = lambda _: None) -> list[str]:
    """Put back what the rows of that moment name, from the backup or from the archive's copies; return what is in neither."""
    with place.admin.connect() as database, database.transaction():
        named = [("files", name, digest) for name, digest, _ in files.named_by_rows(database)]
        named += [("anchors", name, digest) for name, digest in files.anchors_named_by_rows(database).items()]
    say(f"Putting back {len(named):,} files")
    targets = {"files": (place.files, 0o600), "anchors": (place.anchors, 0o444)}
    lost = []
    for top, name, digest in named:
        target, mode = targets[top][0] / name, targets[top][1]
        if target.is_file() and digest in ("", sha256_of(target)):
            continue
        source = _source_of(top, name, digest, folder, manifest, kept)
        if source is None:
            lost.append(f"{name} is neither in the backup nor in {kept / top}")
        elif target.exists():
            raise BackupError(f"{target} is there and is another file. Move it away; nothing is overwritten.")
        else:
            files.copy(source, target, mode=mode)
    return lost


def _source_of(top: str, name: str, digest: str, folder: Path, manifest: Manifest, kept: Path) -> Path | None:
    """Return a copy of a file that is what its row says."""
    member = manifest.members.get(f"{top}/{name}")
    if member and digest in ("", member.sha256):
        return folder / top / name
    copies = [kept / top / name, *sorted((kept / top / name).parent.glob(f"{Path(name).name}.????????"))]
    return next((copy for copy in copies if copy.is_file() and digest in ("", sha256_of(copy))), None)
