"""The archive of the embedded server: its log of changes (WAL), segment by segment, from which any moment can be come back to.

One folder for each life of a cluster, its generation: a cluster that was restored begins a new one, so that two never write the
same name. A segment is packed, and appears whole or not at all.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

KEEP = """#!/bin/sh
# keep_wal PATH NAME FOLDER: put one segment into the archive, packed, whole and on the disk. The same again is well.
set -eu
kept="$3/$2.gz"
if [ -e "$kept" ]; then gzip -dc "$kept" | cmp -s - "$1"; exit; fi
partial="$3/.$2.partial"
gzip -1 -c "$1" > "$partial"
sync "$partial" 2>/dev/null || sync
mv "$partial" "$kept"
"""
FETCH = """#!/bin/sh
# fetch_wal NAME PATH FOLDER: take one segment out of the archive; 1 where it is not there.
set -eu
[ -e "$3/$1.gz" ] || exit 1
gzip -dc "$3/$1.gz" > "$2"
"""
INCLUDED = "include_if_exists = 'purser.conf'\n"


@dataclass(frozen=True)
class Archive:
    """Where the archive lies, and after how many seconds a segment goes there though it is not full."""

    folder: Path
    seconds: int = 60

    def wal(self, generation: str) -> Path:
        return self.folder / generation / "wal"

    def backups(self, generation: str) -> Path:
        """Return the folder of notes on backups whose segments are needed."""
        return self.folder / generation / "backups"


def archive_of_settings() -> Archive | None:
    return Archive(settings.ARCHIVE_DIR.resolve(), settings.ARCHIVE_SECONDS) if settings.ARCHIVE_DIR else None


def generation_of(home: Path) -> str:
    """Return the generation of the cluster in a server's home, made at first asking."""
    kept = home / "generation"
    if not kept.is_file():
        kept.write_text(secrets.token_hex(6))
    return kept.read_text().strip()


def lay_out(archive: Archive, home: Path) -> Path:
    """Make the folders and the scripts, and return the folder that the server writes to."""
    wal = archive.wal(generation_of(home))
    for folder in (wal, archive.backups(generation_of(home))):
        folder.mkdir(parents=True, exist_ok=True)
    lay_out_scripts(home)
    return wal


def lay_out_scripts(home: Path) -> None:
    for name, text in (("keep_wal", KEEP), ("fetch_wal", FETCH)):
        script = home / name
        script.write_text(text)
        script.chmod(0o755)


def configuration(archive: Archive | None, home: Path) -> str:
    """Return what `purser.conf` says in the cluster's folder."""
    if archive is None:
        return "archive_mode = off\n"
    wal = archive.wal(generation_of(home))
    command = f'"{home / "keep_wal"}" "%p" "%f" "{wal}"'
    return (
        f"archive_mode = on\narchive_timeout = {archive.seconds}\nwal_compression = on\narchive_command = '{quoted(command)}'\n"
    )


def quoted(text: str) -> str:
    return text.replace("'", "''")


def segment_of(timeline: int, lsn: str) -> str:
    """Return the name of the segment, of 16 MB, that holds a place in the log, such as 0/3000028."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return f"{timeline:08X}{high:08X}{low >> 24:08X}"


@dataclass(frozen=True)
class Need:
    """A note that a backup needs the archive: from which segment on, from which moment on, and where the backup lies."""

    name: str
    folder: str
    start: str
    since: str


def note(archive: Archive, generation: str, need: Need) -> None:
    (archive.backups(generation) / f"{need.name}.json").write_text(json.dumps(vars(need)))


def prune(archive: Archive, generation: str, into: Path) -> list[str]:
    """Remove segments older than what every kept backup needs, and return their names.

    A backup counts as gone when it is no longer in `into`; those in other folders are taken for kept.
    """
    needs = [_forget_if_gone(path, into) for path in archive.backups(generation).glob("*.json")]
    kept = [need for need in needs if need]
    if not kept:
        return []
    oldest = min(need.start for need in kept)
    # The first eight digits are the timeline, which does not change within a generation.
    doomed = [path for path in archive.wal(generation).glob("*.gz") if path.name[:24].isalnum() and path.name[:24] < oldest]
    for path in doomed:
        path.unlink()
    _prune_files(archive.folder, min(need.since for need in kept))
    return sorted(path.name for path in doomed)


def _forget_if_gone(path: Path, into: Path) -> Need | None:
    need = Need(**json.loads(path.read_text()))
    if Path(need.folder).parent == into.resolve() and not Path(need.folder).exists():
        path.unlink()
        return None
    return need


def _prune_files(folder: Path, since: str) -> None:
    """Remove copies of kept files that were removed before any moment that can still be come back to."""
    for mark in folder.glob("files/**/*.gone"):
        if mark.read_text().strip() < since:
            mark.with_suffix("").unlink(missing_ok=True)
            mark.unlink()
