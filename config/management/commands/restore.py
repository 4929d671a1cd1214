"""Come back from a backup."""

import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import keys_in_settings, this_place
from config.runtime.backups.restoring import Restored, finish, restore
from config.runtime.backups.returning import return_to
from config.runtime.bringing_up import only_one
from config.runtime.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty place: no table in the database, no kept file. Checks every checksum first, compares "
        "every table and file afterwards, and checks the ledger. Cut off, it is run again. "
        "Exit codes: 0 restored and whole, 1 not."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="the backup's own folder, purser-…")
        parser.add_argument("--by", default=getpass.getuser(), help="who restores: it is written down (default: the login here)")
        parser.add_argument("--reason", default="", help="why: needed where anchors are there that were taken after the backup")
        parser.add_argument(
            "--until", default="", metavar="MOMENT", help="2026-11-27T14:20:00Z, a restore point's name, or latest"
        )
        parser.add_argument("--archive", type=Path, help="where the archive is; by default PURSER_ARCHIVE_DIR")
        parser.add_argument("--new-key", action="store_true", help="the anchors' key is lost: make a new one")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        var = Path(settings.VAR_DIR)
        var.mkdir(parents=True, exist_ok=True)
        say = _silent if options["json"] else _say
        try:
            with only_one(var):
                restored, lost = _restored(options, say)
        except (BackupError, EmbeddedServerError, OSError) as error:
            if not options["json"]:
                raise CommandError(str(error)) from error
            self.stdout.write(json.dumps({"error": str(error)}))
            raise SystemExit(1) from error
        self.stdout.write(json.dumps(_as_json(restored, lost)) if options["json"] else _as_text(restored, lost))
        if lost or not restored.is_whole:
            raise SystemExit(1)


def _restored(options: dict[str, Any], say: Callable[[str], None]) -> tuple[Restored, list[str]]:
    given = {name: options[name] for name in ("folder", "new_key", "reason")}
    if options["until"]:
        return return_to(**given, until=options["until"], kept=options["archive"], by=options["by"], say=say)
    with this_place() as place:
        restored = restore(place=place, **given, say=say)
        return finish(place, restored, by=options["by"], reason=options["reason"], say=say), []


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _silent(line: str) -> None:
    """Take progress that nobody watches."""


def _as_json(restored: Restored, lost: list[str]) -> dict[str, Any]:
    made = restored.manifest
    counts = {"tables": len(made.tables), "rows": made.rows, "files": len(made.under("files"))}
    return {
        "restored": made.name,
        "taken_at": made.taken_at,
        **counts,
        "pending_migrations": restored.pending,
        "ledger": restored.ledger,
    }


def _as_text(restored: Restored, lost: list[str]) -> str:
    made = restored.manifest
    lines = [
        f"Restored {made.name}, as of {made.taken_at}." if restored.is_compared else f"Came back to {made.name}.",
        *(
            [f"{len(made.tables)} tables with {made.rows:,} rows and {len(made.under('files')):,} files: each is what it was."]
            if restored.is_compared
            else []
        ),
        *(f"LOST: {name}" for name in lost),
        *(f"It was not there when the backup was taken: {name}" for name in made.missing),
    ]
    if restored.pending:
        return "\n".join([*lines, f"It is of an older version. Next:  manage.py upgrade  ({len(restored.pending)} migrations)."])
    if not restored.is_whole:
        return "\n".join([*lines, "But the ledger is not whole:", *(f"  {where}" for where in restored.ledger["where"])])
    lines.append(f"The ledger is whole: {restored.ledger['entries']:,} entries agree with its sums and chains.")
    if not made.has_keys:
        where = ", ".join(map(str, keys_in_settings().values()))
        lines.append(f"The keys were not in the backup: see that those in place are the ones kept apart: {where}.")
    return "\n".join([*lines, "Next:  manage.py up  (settings and mail are set by the environment, as before)."])
