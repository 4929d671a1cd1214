"""The base of a backup: a copy of the embedded server's cluster, from which the archive leads to any later moment."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from config.runtime import archive
from config.runtime.backups import files, programs
from config.runtime.backups.errors import BackupError
from config.runtime.backups.manifest import Member, sha256_of
from config.runtime.backups.places import Place

NOW = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
FOLDER, TAR, MANIFEST = "base", "base.tar.gz", "backup_manifest"


def take_base(place: Place, folder: Path) -> tuple[dict[str, Any] | None, dict[str, Member]]:
    """Put a base into a backup's folder where there is an archive; return what the manifest says of it, and its members."""
    server = place.server
    if server is None or server.archive is None:
        return None, {}
    with place.admin.connect() as database:
        row = database.execute("SELECT current_setting('archive_mode')").fetchone()
        if not row or row[0] != "on":
            raise BackupError("PURSER_ARCHIVE_DIR is set, and the server runs without it. Stop Purser and start it again.")
    target = folder / FOLDER
    _copy_cluster(place, target)
    start = _first_segment(target)
    with place.admin.connect() as database:
        since = database.execute(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ).fetchone()
    said = {"generation": archive.generation_of(server.home), "start": start, "since": since[0] if since else ""}
    return said, {f"{FOLDER}/{name}": _member(target / name) for name in (TAR, MANIFEST)}


def _copy_cluster(place: Place, target: Path) -> None:
    """Copy it by pg_basebackup, with the segments that it needs for itself: it can be come back to without the archive."""
    assert place.server is not None
    chosen = programs.Programs(place.server.bin, "", "the server's own")
    command = [chosen.path("pg_basebackup"), "-D", str(target), "-Ft", "-z", "-X", "fetch", "-c", "fast"]
    with tempfile.TemporaryFile() as words:
        seen = {name: value for name, value in programs.environment_for(place.admin).items() if name != "PGDATABASE"}
        if subprocess.run(command, env=seen, stdout=words, stderr=words, stdin=subprocess.DEVNULL, check=False).returncode:
            words.seek(0)
            raise BackupError(f"pg_basebackup failed: {words.read().decode(errors='replace').strip()[-2000:]}")


def _first_segment(target: Path) -> str:
    ranges = json.loads((target / MANIFEST).read_bytes())["WAL-Ranges"]
    return min(archive.segment_of(int(each["Timeline"]), each["Start-LSN"]) for each in ranges)


def _member(path: Path) -> Member:
    path.chmod(0o600)
    files.sync(path)
    return Member(path.stat().st_size, sha256_of(path))


def note_need(place: Place, folder: Path, said: dict[str, Any] | None) -> None:
    """Note in the archive what a backup needs of it."""
    if said is not None and place.server is not None and place.server.archive is not None:
        need = archive.Need(folder.name, str(folder.resolve()), said["start"], said["since"])
        archive.note(place.server.archive, said["generation"], need)


def prune(place: Place, into: Path) -> list[str]:
    """Remove from the archive what no kept backup needs."""
    if place.server is None or place.server.archive is None:
        return []
    return archive.prune(place.server.archive, archive.generation_of(place.server.home), into)
