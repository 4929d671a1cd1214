"""Coming back from a backup, into an empty place only. Cut off anywhere, the same command goes on where it stood.

Every checksum is checked before anything is touched. The database comes in one transaction, each file whole; a marker in the
place says which backup is being restored, and goes when all of it is there and says what it said.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.runtime.backups import files, tables
from config.runtime.backups.checking import check_ledger_in, is_whole, run_in
from config.runtime.backups.errors import BackupError
from config.runtime.backups.loading import compare, load_database, load_files
from config.runtime.backups.manifest import NAME, Manifest, faults_in, read_manifest, sha256_of
from config.runtime.backups.places import Place
from config.runtime.backups.versions import not_yet_applied, unknown_here
from config.runtime.hardening import Grants, harden
from config.runtime.on_demand import RESTORING

Say = Callable[[str], None]
MARKER = RESTORING
TO_ACCEPT = "restored.json"
MOST_NAMED = 20


@dataclass(frozen=True)
class Restored:
    """What a restore came to. `pending` are migrations that the database, of an older version, has yet to go through.

    A moment between backups has nothing that its tables could be compared with.
    """

    manifest: Manifest
    pending: list[str] = field(default_factory=list)
    ledger: dict[str, Any] = field(default_factory=dict)
    is_compared: bool = True

    @property
    def is_whole(self) -> bool:
        return bool(self.pending) or is_whole(self.ledger)


def checked(folder: Path, *, say: Say) -> Manifest:
    """Return the manifest of a backup that is as it was made, and that this version can read. Raises BackupError."""
    manifest = read_manifest(folder)
    say(f"Checking {len(manifest.members):,} files of {manifest.name}")
    if faults := list(faults_in(folder, manifest)):
        raise BackupError("\n".join([f"{folder} is not as it was made. Take another backup's folder.", *_some(faults)]))
    if unknown := unknown_here(manifest.migrations):
        newer = f"{manifest.name} was made by a newer version ({manifest.version}): this one does not know {unknown[0]}."
        raise BackupError(f"{newer} Check that version out, and restore with it.")
    return manifest


def restore(*, place: Place, folder: Path, new_key: bool = False, reason: str = "", say: Say = lambda _: None) -> Restored:
    """Put a backup into an empty place, and compare it with what the backup says. Raises BackupError.

    `reason` is needed where anchors are there that were taken after the backup: what they saw beyond it is given up.
    """
    manifest = checked(folder, say=say)
    refuse_unless_empty(place, folder, manifest)
    refuse_without_key(place, manifest, new_key=new_key)
    if not marker_in(place.var):
        refuse_unless_loss_is_known(place, manifest, reason=reason)
    begin(place, folder, manifest)
    restored = Restored(manifest, not_yet_applied(manifest.migrations))
    if marker_in(place.var).get("compared"):
        return restored
    with place.admin.connect() as database:
        is_loaded = bool(tables.tables_of(database))
    if not is_loaded:
        load_database(place, folder, say=say)
    put_keys(place, folder, manifest)
    load_files(place, folder, manifest, say=say)
    say("Comparing every table and file")
    if wrong := compare(place, manifest):
        raise BackupError("\n".join(["What was restored is not what the backup says:", *_some(wrong), how_to_clear(place)]))
    # What follows writes rows: from here on the database is not compared again.
    note(place.var, {**marker_in(place.var), "compared": True})
    return restored


def finish(place: Place, restored: Restored, *, by: str, reason: str = "", say: Say = lambda _: None) -> Restored:
    """Give the app its rights, write the restore down, check the ledger, and take the marker away.

    An older version's database is first to be upgraded; what is to be written down waits for that in a file.
    """
    marker = place.var / MARKER
    if restored.pending:
        said = {**marker_in(place.var), "by": by, "reason": reason}
        files.write(place.var / TO_ACCEPT, json.dumps(said).encode() + b"\n")
        marker.unlink(missing_ok=True)
        return restored
    give_rights(place)
    said = marker_in(place.var)
    accept(place, by=by, reason=reason, backup=restored.manifest.name, token=said.get("token", ""))
    say("Checking the ledger")
    ledger = check_ledger_in(place)
    marker.unlink(missing_ok=True)
    return replace(restored, ledger=ledger)


def accept(place: Place, *, by: str, reason: str, backup: str, token: str) -> None:
    """Write down that the ledger came back from a backup, for whoever holds later anchors against it."""
    run_in(place, "accept_restore", f"--by={by}", f"--reason={reason}", f"--backup={backup}", f"--token={token}", "--json")


def accept_what_waits(place: Place) -> bool:
    """Write down the restore of an older version's backup, once the database is of this version. Says whether one waited."""
    waiting = place.var / TO_ACCEPT
    if not waiting.is_file():
        return False
    said = json.loads(waiting.read_text())
    accept(place, by=said["by"], reason=said["reason"], backup=said["name"], token=said["token"])
    waiting.unlink()
    return True


def give_rights(place: Place) -> None:
    if place.database.app_role:
        with place.database.owner.connect() as owner:
            harden(owner, app_role=place.database.app_role, grants=Grants.declared())


def refuse_unless_empty(place: Place, folder: Path, manifest: Manifest) -> None:
    """Raise BackupError where something is there that this backup's own restore, cut off, did not put there."""
    marker = marker_in(place.var)
    if marker and marker.get("manifest") != sha256_of(folder / NAME):
        raise BackupError(f"A restore of {marker.get('folder')} was cut off here. Run that one again. {how_to_clear(place)}")
    if marker:
        return
    with place.admin.connect() as database:
        there = tables.tables_of(database)
    if there:
        raise BackupError(f"The database has {len(there)} tables already, and nothing is overwritten. {how_to_empty(place)}")
    if any(files.files_under(place.files)):
        raise BackupError(f"There are files in {place.files}, and nothing is overwritten. Move that folder away.")
    for name in manifest.under("anchors"):
        path = place.anchors / name
        if path.exists() and sha256_of(path) != manifest.members[f"anchors/{name}"].sha256:
            raise BackupError(
                f"{path} is another anchor than the backup's. Give this place a folder of its own: PURSER_ANCHOR_DIR."
            )


def refuse_without_key(place: Place, manifest: Manifest, *, new_key: bool) -> None:
    """Raise BackupError where anchors would be left that nobody can verify, or that another key has signed."""
    kept = manifest.members.get("keys/anchor_key")
    if place.anchor_key.is_file():
        if kept and sha256_of(place.anchor_key) != kept.sha256:
            raise BackupError(
                f"{place.anchor_key} is another key than the backup's. Move it away, or name another by PURSER_ANCHOR_KEY_FILE."
            )
        return
    if manifest.under("anchors") and not kept and not new_key:
        raise BackupError(
            f"The key that the anchors are signed with is neither at {place.anchor_key} nor in the backup. Put it there, as it "
            f"was kept apart; or, if it is lost, add --new-key: the older anchors' signatures can then not be verified any more."
        )


def refuse_unless_loss_is_known(place: Place, manifest: Manifest, *, reason: str) -> None:
    """Raise BackupError where later anchors show that more was posted than comes back, and nobody said that this is known."""
    known = set(manifest.under("anchors"))
    later = [name for name in files.files_under(place.anchors) if name.startswith("anchor-") and name not in known]
    if later and not reason:
        raise BackupError(
            f"{len(later)} anchors in {place.anchors} were taken after this backup, {later[0]} the first: what was posted "
            f"between is not in it and is given up. Take a later backup, or say why not:  --reason '…'  "
            f"(it is written down, signed, for good)."
        )


def begin(place: Place, folder: Path, manifest: Manifest) -> None:
    """Mark the place as half restored from here on. A restore that goes on keeps its token."""
    if marker_in(place.var):
        return
    said: dict[str, Any] = {"folder": str(folder.resolve()), "name": manifest.name, "manifest": sha256_of(folder / NAME)}
    said["token"] = secrets.token_hex(16)
    note(place.var, said)


def put_keys(place: Place, folder: Path, manifest: Manifest) -> None:
    """Put the keys of the backup where they belong. The signing key that an empty place has made for itself gives way."""
    for name in manifest.under("keys"):
        place.keys[name].parent.mkdir(parents=True, exist_ok=True)
        files.write(place.keys[name], (folder / "keys" / name).read_bytes())


def unfinished(var: Path) -> str:
    """Return the folder of the backup whose restore was cut off in this place, or nothing."""
    marker = marker_in(var)
    return str(marker.get("folder", "")) if marker else ""


def how_to_clear(place: Place) -> str:
    return f"To begin anew instead: {how_to_empty(place)} Then remove {place.files} and {place.var / MARKER}."


def how_to_empty(place: Place) -> str:
    if place.server is not None:
        return f"Name an empty folder by PURSER_VAR; or stop Purser and move {place.server.home} and {place.var} away."
    name = place.database.owner.dbname
    return f"Name another database in DATABASE_URL; or DROP DATABASE {name}, if nobody needs it any more."


def note(var: Path, said: dict[str, Any]) -> None:
    files.write(var / MARKER, json.dumps(said).encode() + b"\n")


def marker_in(var: Path) -> dict[str, Any]:
    path = var / MARKER
    if not path.is_file():
        return {}
    said: dict[str, Any] = json.loads(path.read_text())
    return said


def _some(lines: list[str]) -> list[str]:
    more = [f"  … and {len(lines) - MOST_NAMED:,} more"] if len(lines) > MOST_NAMED else []
    return [f"  {line}" for line in lines[:MOST_NAMED]] + more
