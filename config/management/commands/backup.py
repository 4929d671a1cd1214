"""Take a backup now."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from config.runtime.backups.base import prune
from config.runtime.backups.errors import BackupError
from config.runtime.backups.keeping import keep_newest
from config.runtime.backups.places import Place, this_place
from config.runtime.backups.taking import Taken, take_backup
from config.runtime.embedded import EmbeddedServerError
from core.models import Sign
from core.services.signs import leave_sign

KEPT_APART = "Not in it: the settings, and the keys ({}): keep copies of them elsewhere, or add --with-keys."


class Command(BaseCommand):
    help = (
        "Takes a backup into a new folder in DIR, whole or not at all, while Purser runs: the database and the kept files, "
        "with checksums of each and of every table. "
        "Exit codes: 0 taken, 1 not taken, 3 taken, but files that rows name were not there."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, nargs="?", default=settings.BACKUP_DIR or None,
                            help="by default what PURSER_BACKUP_DIR names")  # fmt: skip
        parser.add_argument("--with-keys", action="store_true", help="put the keys into the backup: guard it then like them")
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="remove the oldest in DIR, and keep so many")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        into: Path | None = options["folder"]
        if into is None:
            raise CommandError("Name the folder that backups go to:  manage.py backup DIR")
        say = _silent if options["json"] else self._say
        try:
            with this_place() as place:
                taken = recorded(place, into, with_keys=options["with_keys"], keep=options["keep"], say=say)
                self.stdout.write(json.dumps(_as_json(taken)) if options["json"] else _as_text(taken, place))
        except (BackupError, EmbeddedServerError, OSError) as error:
            if not options["json"]:
                raise CommandError(str(error)) from error
            self.stdout.write(json.dumps({"error": str(error)}))
            raise SystemExit(1) from error
        if taken.manifest.missing:
            raise SystemExit(3)

    def _say(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def recorded(place: Place, into: Path, *, with_keys: bool, keep: int, say: Any) -> Taken:
    """Take a backup, and leave a sign in the database of how that ended: checks and metrics tell its age by it."""
    try:
        taken = take_backup(place=place, into=into, with_keys=with_keys, say=say)
    except (BackupError, OSError) as error:
        _leave_sign(is_well=False, said=str(error))
        raise
    missing = len(taken.manifest.missing)
    said = f"{missing:,} files that rows name were not there: {taken.folder}" if missing else str(taken.folder)
    _leave_sign(is_well=not missing, said=said)
    removed = keep_newest(into, keep) if keep else []
    prune(place, into)
    return Taken(taken.folder, taken.manifest, removed)


def _leave_sign(*, is_well: bool, said: str) -> None:
    """Leave the sign, unless the database is of an older version that knows none: it is backed up all the same."""
    with suppress(ProgrammingError):
        leave_sign(name=Sign.BACKUP, is_well=is_well, said=said)


def _silent(line: str) -> None:
    """Take progress that nobody watches."""


def _as_json(taken: Taken) -> dict[str, Any]:
    made = taken.manifest
    counts = {"tables": len(made.tables), "rows": made.rows, "files": len(made.under("files")), "bytes": made.size}
    digest = json.loads((taken.folder / "manifest.json").read_bytes())["sha256"]
    said = {"folder": str(taken.folder), "taken_at": made.taken_at, "sha256": digest, **counts}
    return {**said, "with_keys": made.has_keys, "missing": made.missing, "removed": taken.removed}


def _as_text(taken: Taken, place: Place) -> str:
    said = _as_json(taken)
    lines = [
        f"Backup {taken.folder}",
        f"{said['tables']} tables with {said['rows']:,} rows, {said['files']:,} files, {said['bytes']:,} bytes.",
        f"As of {said['taken_at']}",
        f"SHA-256 {said['sha256']}",
    ]
    lines += [f"Removed {name}" for name in taken.removed]
    if not taken.manifest.has_keys:
        lines.append(KEPT_APART.format(", ".join(str(path) for path in place.keys.values())))
    lines += [f"NOT THERE: {name}" for name in taken.manifest.missing]
    return "\n".join(lines)
