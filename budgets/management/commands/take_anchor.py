"""Take an anchor of the ledger now."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.models import Anchor
from budgets.selectors.anchors import anchor_file
from budgets.services.anchors import take_anchor
from core.errors import Refusal


class Command(BaseCommand):
    help = (
        "Write the ends of all chains, signed, into a file outside the database (docs/verify.md); one is taken each day as well. "
        "Where nothing was posted since the last, there is none to take. Exit codes: 0 taken or none to take, 1 refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            anchor, is_new = take_anchor()
        except (Refusal, OSError) as error:
            if not options["json"]:
                raise CommandError(str(error), returncode=1) from error
            self.stdout.write(json.dumps({"error": str(error)}))
            raise SystemExit(1) from error
        self.stdout.write(json.dumps(_as_json(anchor, is_new)) if options["json"] else _as_text(anchor, is_new))


def _as_json(anchor: Anchor | None, is_new: bool) -> dict[str, Any]:
    if anchor is None:
        return {"taken": False, "number": None}
    known = {"number": anchor.number, "file": str(anchor_file(anchor.number)), "digest": anchor.digest}
    return {"taken": is_new, **known, "accounts": anchor.accounts, "journals": anchor.journals, "entries": anchor.entries}


def _as_text(anchor: Anchor | None, is_new: bool) -> str:
    if anchor is None:
        return "There is no account yet: nothing to anchor."
    if not is_new:
        return f"Nothing was posted since anchor {anchor.number}: none was taken."
    return f"Anchor {anchor.number}: {anchor_file(anchor.number)}\nSHA-256 {anchor.digest}"
