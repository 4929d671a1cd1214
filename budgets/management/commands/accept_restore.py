"""Write down that the ledger came back from a backup."""

import getpass
import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.selectors.anchors import restore_file
from budgets.services.restores import accept_restore
from core.errors import Refusal


class Command(BaseCommand):
    help = (
        "Write down, signed and for good, that the database came back from a backup: anchors that were taken after it hold from "
        "now on only as far as it reached (docs/verify.md). `restore` does this by itself; this is for a database that its "
        "administrator brought back by other means. Exit codes: 0 written, 1 refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", default=getpass.getuser(), help="who says so (default: the login here)")
        parser.add_argument("--reason", default="", help="why it was restored, and what is known to be lost")
        parser.add_argument("--backup", default="a backup of the server's administrator", help="what it came back from")
        parser.add_argument("--token", default="", help="of one restore: the same again is not written twice")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        told = {name: options[name] for name in ("by", "reason", "backup")}
        try:
            accepted = accept_restore(**told, token=options["token"] or secrets.token_hex(16))
        except (Refusal, OSError) as error:
            raise CommandError(str(error)) from error
        path, given_up = restore_file(accepted.number), [number for number, _ in accepted.given_up]
        if options["json"]:
            self.stdout.write(json.dumps({"number": accepted.number, "file": str(path), "given_up": given_up}))
            return
        beyond = f"\nGiven up beyond it: anchors {', '.join(given_up)}" if given_up else ""
        self.stdout.write(f"Accepted restore {accepted.number}: {path}\nSHA-256 {accepted.digest}{beyond}")
