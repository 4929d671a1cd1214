"""Showing that a backup can be come back from: restored into an empty place, compared, its ledger checked, the place removed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.runtime.backups.checking import check_ledger_in, is_whole
from config.runtime.backups.errors import BackupError
from config.runtime.backups.loading import compare, load_database, load_files
from config.runtime.backups.manifest import Manifest, faults_in, read_manifest
from config.runtime.backups.places import Place
from config.runtime.backups.restoring import give_rights
from config.runtime.backups.temporary import temporary_place
from config.runtime.backups.versions import not_yet_applied, unknown_here

Say = Callable[[str], None]


@dataclass
class Verified:
    """What was found. `different` names places, and is empty where the backup is good; `notes` say what was not looked at."""

    manifest: Manifest | None = None
    different: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ledger: dict[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return not self.different


def verify_backup(folder: Path, *, say: Say = lambda _: None) -> Verified:
    """Restore a backup into an empty place that is gone afterwards, and say what differs."""
    found = Verified()
    try:
        found.manifest = read_manifest(folder)
        found.different += faults_in(folder, found.manifest)
        if not found.different:
            with temporary_place() as place:
                _restore_and_look(place, folder, found.manifest, found, say)
        # It cannot give back what was lost before it was taken.
        found.different += [f"when the backup was taken, {lost}" for lost in found.manifest.missing]
    except BackupError as error:
        found.different.append(str(error))
    return found


def _restore_and_look(place: Place, folder: Path, manifest: Manifest, found: Verified, say: Say) -> None:
    load_database(place, folder, say=say)
    load_files(place, folder, manifest, say=say)
    say("Comparing every table and file")
    found.different += compare(place, manifest)
    if pending := not_yet_applied(manifest.migrations):
        found.notes.append(f"The ledger was not checked: the backup is of an older version, {len(pending)} migrations back.")
        return
    if unknown_here(manifest.migrations):
        found.notes.append("The ledger was not checked: the backup is of a newer version.")
        return
    if not place.anchor_key.is_file():
        found.notes.append("The anchors' signatures were not checked: their key is not here.")
    give_rights(place)
    say("Checking the ledger")
    found.ledger = check_ledger_in(place)
    if not is_whole(found.ledger):
        found.different += [f"ledger: {where}" for where in found.ledger["where"]]
