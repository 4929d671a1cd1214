"""Write the whole ledger into a file that anyone can verify elsewhere with verify_ledger.py."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.services.dumps import Dump, write_dump


class Command(BaseCommand):
    help = (
        "Write the whole ledger, as of one moment, into a file for verify_ledger.py (docs/verify.md). "
        "Postings go on meanwhile. Exit codes: 0 written, 2 the file cannot be written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="the file; packed by gzip when its name ends in .gz")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            dump = write_dump(path=options["out"])
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}.", returncode=2) from error
        self.stdout.write(json.dumps(_as_json(dump)) if options["json"] else _as_text(dump))


def _as_json(dump: Dump) -> dict[str, Any]:
    return {"file": str(dump.path), "sha256": dump.sha256, **dump.counts}


def _as_text(dump: Dump) -> str:
    counted = ", ".join(f"{count:,} {name}" for name, count in dump.counts.items())
    return f"{dump.path}: {counted}.\nSHA-256 {dump.sha256}"
