"""Bring the database up to the version that is checked out."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import this_place
from config.runtime.backups.restoring import unfinished
from config.runtime.backups.upgrading import Upgraded, folder_for_backup, how_to_go_back, upgrade
from config.runtime.bringing_up import only_one
from config.runtime.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = (
        "Takes a backup, migrates as the owner, gives the app its rights, makes schedules, and checks the ledger. "
        "Purser is to be stopped. Exit codes: 0 upgraded and whole, 1 not."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--backup", metavar="DIR", type=Path, help="where the backup goes; by default PURSER_BACKUP_DIR")
        parser.add_argument("--no-backup", action="store_true", help="take none: you have one")
        parser.add_argument("--anyway", action="store_true", help="though others are connected to the database")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        var = Path(settings.VAR_DIR)
        var.mkdir(parents=True, exist_ok=True)
        if half_done := unfinished(var):
            raise CommandError(f"A restore was cut off here. Run it again first:  manage.py restore {half_done}")
        given = {
            "into": folder_for_backup(options["backup"]),
            "without_backup": options["no_backup"],
            "anyway": options["anyway"],
        }
        try:
            with ExitStack() as held:
                held.enter_context(only_one(var))
                place = held.enter_context(this_place())
                upgraded = upgrade(place=place, say=_silent if options["json"] else _say, **given)
        except (BackupError, EmbeddedServerError, OSError) as error:
            if not options["json"]:
                raise CommandError(str(error)) from error
            self.stdout.write(json.dumps({"error": str(error)}))
            raise SystemExit(1) from error
        self.stdout.write(json.dumps(_as_json(upgraded)) if options["json"] else _as_text(upgraded))
        if not upgraded.is_whole:
            raise SystemExit(1)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _silent(line: str) -> None:
    """Take progress that nobody watches."""


def _as_json(upgraded: Upgraded) -> dict[str, Any]:
    folder = str(upgraded.backup.folder) if upgraded.backup else None
    done = {"migrated": upgraded.migrated, "scheduled": upgraded.scheduled, "accepted_restore": upgraded.accepted_restore}
    return {"backup": folder, **done, "ledger": upgraded.ledger}


def _as_text(upgraded: Upgraded) -> str:
    lines = [f"Migrated {name}" for name in upgraded.migrated] or ["The database was of this version already."]
    lines += [f"Scheduled {name}" for name in upgraded.scheduled]
    if upgraded.accepted_restore:
        lines.append("The restore that this database came from is written down (docs/verify.md).")
    if not upgraded.is_whole:
        return "\n".join(
            [*lines, "THE LEDGER IS NOT WHOLE:", *(f"  {where}" for where in upgraded.ledger["where"]), _back(upgraded)]
        )
    lines.append(f"The ledger is whole: {upgraded.ledger['entries']:,} entries agree with its sums and chains.")
    return "\n".join([*lines, *([_back(upgraded)] if upgraded.migrated else []), "Next:  manage.py up"])


def _back(upgraded: Upgraded) -> str:
    return how_to_go_back(upgraded.backup)
