"""manage.py board_pack: issue a month's pack of a budget and write its PDF to a file."""

import json
import os
import re
import tempfile
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.models import Budget
from core.errors import InvalidInput, NotFound, Refusal
from core.trials import maybe_undone
from reporting.services.packs import freeze_pack, render_pack


class Command(BaseCommand):
    help = "Issue a month's board pack of a budget. Where nothing changed since the last issue, that one is given again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--budget", required=True, metavar="CODE", help="the budget's code")
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to report")
        parser.add_argument("--out", required=True, metavar="FILE", help="where the PDF goes")
        parser.add_argument("--note", default="", help="why it is issued again")
        parser.add_argument("--dry-run", action="store_true", help="say what it would be, and keep and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = (options["budget"], options["period"], Path(options["out"]))
            result = issue(*asked, note=options["note"], dry_run=options["dry_run"])
        except Refusal as refusal:
            self._refuse(str(refusal), as_json=options["json"])
        else:
            self.stdout.write(json.dumps(result) if options["json"] else _sentence(result))

    def _refuse(self, sentence: str, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(sentence, returncode=1)
        self.stdout.write(json.dumps({"error": sentence}))
        raise SystemExit(1)


def issue(code: str, period: str, out: Path, *, note: str = "", dry_run: bool = False) -> dict[str, Any]:
    """Issue and render the pack, write the PDF to `out`, and say what it is known by; with `dry_run` keep and write nothing."""
    budget = _budget(code)
    with maybe_undone(dry_run=dry_run):
        pack = freeze_pack(budget=budget, month=month_from(period), actor=None, note=note)
        file = render_pack(pack=pack, actor=None)
    if not dry_run:
        _write(out, bytes(file.content))
    return {
        "file": str(out),
        "sha256": file.sha256,
        "snapshot_sha256": pack.snapshot_sha256,
        "pages": file.pages,
        "issue": pack.issue,
        "final": pack.is_final,
        **({"dry_run": True} if dry_run else {}),
    }


def month_from(period: str) -> date:
    """Return the month that YYYY-MM names, or refuse."""
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", period)
    if match is None or match[1] == "0000":
        raise InvalidInput(f"“{period}” is not a month.", remedy="Write it as 2026-10.")
    return date(int(match[1]), int(match[2]), 1)


def _budget(code: str) -> Budget:
    budget = Budget.objects.select_related("entity").filter(code=code).first()
    if budget is None:
        known = ", ".join(Budget.objects.values_list("code", flat=True)[:10])
        raise NotFound(
            f"There is no budget {code}.", remedy=f"There are: {known}." if known else "Load one with load_budget first."
        )
    return budget


def _write(out: Path, content: bytes) -> None:
    """Write the whole file or none of it."""
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".pack-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except OSError as error:
        raise InvalidInput(
            f"The file {out} cannot be written: {error.strerror}.", remedy="Name a file in a folder that is there."
        ) from error


def _sentence(result: dict[str, Any]) -> str:
    state = "final" if result["final"] else "preliminary"
    would = "Would be " if result.get("dry_run") else ""
    first = f"{would}{result['file']}: {result['pages']} pages, issue {result['issue']}, {state}"
    return f"{first}\nsha256 {result['sha256']}\nfigures {result['snapshot_sha256']}"
