"""Putting a backup's database and files into an empty place, and holding them against what its manifest says."""

import gzip
import re
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psycopg

from config.runtime.backups import files, programs, tables
from config.runtime.backups.errors import BackupError
from config.runtime.backups.manifest import CHUNK, DUMP, Manifest, sha256_of
from config.runtime.backups.places import Place
from config.runtime.logins import Login

Say = Callable[[str], None]
# pg_dump 17 and newer begin with settings that older servers do not have. They stand before anything else.
HEAD = 64 * 1024
NEWER_SETTINGS = re.compile(rb"^SET transaction_timeout = 0;$", re.MULTILINE)
KNOWS_THEM = 170_000


def load_database(place: Place, folder: Path, *, say: Say = lambda _: None) -> None:
    """Load the dump as the owner, in one transaction: all of it or nothing. Raises BackupError."""
    owner = place.database.owner
    chosen = programs.to_load()
    say(f"Loading the database by psql {chosen.version}, {chosen.why}")
    command = [chosen.path("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-o", "/dev/null", "-f", "-"]
    with tempfile.TemporaryFile() as words:
        loader = subprocess.Popen(command, env=programs.environment_for(owner), stdin=subprocess.PIPE, stdout=words, stderr=words)
        assert loader.stdin is not None
        try:
            _pour(folder / DUMP, loader.stdin, _version_of(owner))
        except (OSError, EOFError, zlib.error) as error:
            # Cut off in the middle, psql would commit what it has: it must not come to the end of its input.
            _kill(loader)
            raise BackupError(f"The dump could not be loaded: {_last_of(words) or error}") from error
        loader.stdin.close()
        if loader.wait():
            raise BackupError(f"The dump could not be loaded: {_last_of(words)}")
    with owner.connect() as connection:
        connection.execute("ANALYZE")


def _kill(loader: subprocess.Popen[bytes]) -> None:
    loader.kill()
    loader.wait()
    with suppress(OSError):
        assert loader.stdin is not None
        loader.stdin.close()


def _pour(dump: Path, into: IO[bytes], server_version: int) -> None:
    with gzip.open(dump, "rb") as packed:
        head = packed.read(HEAD)
        into.write(head if server_version >= KNOWS_THEM else NEWER_SETTINGS.sub(b"", head, count=1))
        while block := packed.read(CHUNK):
            into.write(block)


def _last_of(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read().decode(errors="replace").strip()[-2000:]


def _version_of(login: Login) -> int:
    with login.connect() as connection:
        return connection.info.server_version


def load_files(place: Place, folder: Path, manifest: Manifest, *, say: Say = lambda _: None) -> None:
    """Put files and anchors where they belong; what is there already from a try before is left. Raises BackupError."""
    for top, target, mode in (("files", place.files, 0o600), ("anchors", place.anchors, 0o444)):
        names = manifest.under(top)
        if names:
            say(f"Putting back {len(names):,} {top}")
        for name in names:
            _put(folder / top / name, target / name, manifest.members[f"{top}/{name}"].sha256, mode)


def _put(source: Path, target: Path, sha256: str, mode: int) -> None:
    if target.is_file() and sha256_of(target) == sha256:
        return
    if target.exists():
        raise BackupError(f"{target} is there and is another file. Move it away; nothing is overwritten.")
    if files.copy(source, target, mode=mode).sha256 != sha256:
        raise BackupError(f"{source} changed while it was read. Run verify on the backup.")


def compare(place: Place, manifest: Manifest) -> list[str]:
    """Return a sentence for each table and file of the place that is not as the manifest says."""
    with tables.snapshot(place.admin) as (database, _):
        found = tables.differences(manifest.tables, tables.sums_of(database)) + tables.sequences_behind(database)
        return found + _files_wrong(database, place, manifest)


def _files_wrong(database: psycopg.Connection[Any], place: Place, manifest: Manifest) -> list[str]:
    """Return what rows name and what is not there, but for what was not there when the backup was taken."""
    known = {sentence.partition(" is not ")[0] for sentence in manifest.missing}
    wrong = []
    for name, digest, row in files.named_by_rows(database):
        path = place.files / name
        if name in known:
            continue
        if not path.is_file():
            wrong.append(f"file {name} of {row} is not there")
        elif digest and sha256_of(path) != digest:
            wrong.append(f"file {name} of {row} is not what its row says")
    anchors = files.anchors_named_by_rows(database).items()
    return wrong + [
        f"{name} is not in {place.anchors}" for name, _ in anchors if name not in known and not (place.anchors / name).is_file()
    ]
