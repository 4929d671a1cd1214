"""Show that a backup can be come back from."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.runtime.backups.verifying import Verified, verify_backup


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty place that is removed afterwards, compares every table and file with what the backup "
        "says, and checks the ledger there. Exit codes: 0 good, 1 something differs (each place is named)."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="the backup's own folder, purser-…")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify_backup(options["folder"], say=_silent if options["json"] else _say)
        self.stdout.write(json.dumps(_as_json(found)) if options["json"] else _as_text(found))
        if not found.is_good:
            raise SystemExit(1)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _silent(line: str) -> None:
    """Take progress that nobody watches."""


def _as_json(found: Verified) -> dict[str, Any]:
    made = found.manifest
    known = (
        {"name": made.name, "taken_at": made.taken_at, "tables": len(made.tables), "files": len(made.under("files"))}
        if made
        else {}
    )
    return {"good": found.is_good, **known, "different": found.different, "notes": found.notes, "ledger": found.ledger}


def _as_text(found: Verified) -> str:
    if not found.is_good:
        return "\n".join([*found.different, *found.notes, f"{len(found.different):,} differences: this backup is not good."])
    made = found.manifest
    assert made is not None
    same = f"{len(made.tables)} tables with {made.rows:,} rows and {len(made.under('files')):,} files are what they were."
    ledger = f" The ledger's {found.ledger['entries']:,} entries agree with its sums and chains." if found.ledger else ""
    return "\n".join([f"{made.name} was restored into an empty place: {same}{ledger}", *found.notes])
