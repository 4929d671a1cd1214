"""`restore --until`: the steps around bringing the embedded server to a moment, so that one cut off goes on where it stood."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from config.runtime.backups import files, moments, restoring, tables
from config.runtime.backups.errors import BackupError
from config.runtime.backups.manifest import Manifest
from config.runtime.backups.places import Place, is_embedded, this_place
from config.runtime.backups.restoring import Restored
from config.runtime.backups.versions import applied_migrations, not_yet_applied
from config.runtime.embedded import EmbeddedServer, home_of

Say = Callable[[str], None]
ROLES = [settings.DATABASE_OWNER_ROLE, settings.DATABASE_APP_ROLE]


def return_to(
    *, folder: Path, until: str, kept: Path | None, new_key: bool, reason: str, by: str, say: Say
) -> tuple[Restored, list[str]]:
    """Come back to a moment after a backup. Returns what it came to, and the files that are nowhere. Raises BackupError."""
    if not is_embedded():
        raise BackupError("A server named by DATABASE_URL is brought back to a moment by its administrator (docs/backup.md).")
    kept = kept or settings.ARCHIVE_DIR
    if kept is None:
        raise BackupError("Name the folder of the archive:  --archive DIR  (or set PURSER_ARCHIVE_DIR)")
    manifest = restoring.checked(folder, say=say)
    wal = moments.wal_of(kept.resolve(), manifest)
    server = EmbeddedServer(home_of(Path(settings.VAR_DIR)))
    if not restoring.marker_in(Path(settings.VAR_DIR)).get("recovered"):
        _clear(server, folder, manifest, new_key=new_key)
        moments.bring_to(server, folder, manifest, moments.Until(until), wal, ROLES, say)
        restoring.note(Path(settings.VAR_DIR), {**restoring.marker_in(Path(settings.VAR_DIR)), "recovered": True})
    with this_place() as place:
        return _finish(place, folder, replace(manifest, name=f"{manifest.name} until {until}"), kept, reason, by, say)


def _clear(server: EmbeddedServer, folder: Path, manifest: Manifest, *, new_key: bool) -> None:
    """Make sure that the place is empty, mark it, and take away the cluster without tables that it has."""
    with this_place(archived=False) as place:
        restoring.refuse_unless_empty(place, folder, manifest)
        restoring.refuse_without_key(place, manifest, new_key=new_key)
        with place.admin.connect() as database:
            if tables.tables_of(database):
                raise BackupError(f"The database has tables already, and nothing is overwritten. {restoring.how_to_empty(place)}")
        restoring.begin(place, folder, manifest)
        restoring.put_keys(place, folder, manifest)
    if server.runs():
        raise BackupError("The database is held by another command of Purser. Let that end, and run this again.")
    shutil.rmtree(server.data)


def _finish(
    place: Place, folder: Path, manifest: Manifest, kept: Path, reason: str, by: str, say: Say
) -> tuple[Restored, list[str]]:
    lost = moments.put_back_files(place, folder, manifest, kept, say=say)
    with place.admin.connect() as database:
        pending = not_yet_applied(applied_migrations(database))
        later = later_anchors(place, set(files.anchors_named_by_rows(database)))
    if later and not reason:
        raise BackupError(
            f"{len(later)} anchors in {place.anchors} were taken after that moment, {later[0]} the first: what was posted since "
            f"is given up. Run this again and say why:  --reason '…'  (it is written down, signed, for good)."
        )
    return restoring.finish(place, Restored(manifest, pending, is_compared=False), by=by, reason=reason, say=say), lost


def later_anchors(place: Place, known: set[str]) -> list[str]:
    return [name for name in files.files_under(place.anchors) if name.startswith("anchor-") and name not in known]
