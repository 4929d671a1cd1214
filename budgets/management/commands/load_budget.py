"""Load a budget file and put it in force."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.rules.document import json_schema
from budgets.rules.safe_yaml import LARGEST, read
from budgets.services.budgets import LoadResult, load_document
from core.errors import Refusal
from core.models import User
from core.services.entities import SYSTEM_EMAIL, system_person
from core.trials import Effects, Moved, maybe_undone

HELP = f"""Load a budget file (YAML, schema docs/schemas/budget.schema.json) and put it in force.

The same file again is no change. On an empty database the file may name its entity, cost centres, categories and vendors.
Without --actor it is loaded in the name of Purser itself ({SYSTEM_EMAIL}, which cannot sign in).
Exit codes: 0 loaded or unchanged, 1 refused (the reason is printed), 2 wrong use or a file that cannot be read."""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("file", type=Path, nargs="?", help="the budget file")
        parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a budget file, and load nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--entity", default="", metavar="CODE", help="the entity, where the file does not name it")
        parser.add_argument("--actor", default="", metavar="EMAIL", help="in whose name it is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["schema"]:
            self.stdout.write(schema_text(), ending="")
            return
        if options["file"] is None:
            raise CommandError("Name a budget file.", returncode=2)
        content = _content_of(options["file"])
        effects: Effects | None = None
        try:
            # Undone as a whole: in whose name it is loaded may be new here too.
            with maybe_undone(dry_run=options["dry_run"]) as told:
                result = load_document(
                    document=read(content),
                    actor=_actor(options["actor"]),
                    source_name=options["file"].name,
                    entity_code=options["entity"],
                )
                effects = told(None) if told else None
        except Refusal as refusal:
            self._refuse(refusal, as_json=options["json"])
        self.stdout.write(json.dumps(_as_json(result, effects)) if options["json"] else _as_text(result, effects))

    def _refuse(self, refusal: Refusal, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(str(refusal), returncode=1)
        self.stdout.write(json.dumps({"error": str(refusal), "code": refusal.code, "details": refusal.details}, default=str))
        raise SystemExit(1)


def schema_text() -> str:
    """Return the JSON Schema as docs/schemas/budget.schema.json holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _content_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error


def _actor(email: str) -> User:
    if not email:
        return system_person()
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise CommandError(f"Nobody here signs in as {email}.", returncode=2)
    return found


def _as_json(result: LoadResult, effects: Effects | None) -> dict[str, Any]:
    return {
        "budget": result.budget.code,
        "version": result.version.number,
        "unchanged": result.unchanged,
        "waits": result.waits,
        "lines": result.lines,
        "total": str(result.total),
        "findings": [{"code": found.code, "where": found.where, "amount": str(found.amount)} for found in result.findings],
        **({"dry_run": effects.as_json()} if effects else {}),
    }


def _as_text(result: LoadResult, effects: Effects | None) -> str:
    budget, number = result.budget, result.version.number
    if result.unchanged:
        return f"{budget.code} version {number} is this very file: nothing to do."
    did = "would be" if effects else "is"
    state = "loaded, to be signed" if result.waits else "in force"
    rows = [f"{budget.code} version {number} {did} {state}: {result.lines} lines, {result.total:,.2f} {budget.currency}."]
    rows += [f"  {found.code}: {found.sentence}" for found in result.findings]
    return "\n".join([*rows, *(_line_as_text(name, moved) for name, moved in _by_line(effects).items())])


def _by_line(effects: Effects | None) -> dict[str, list[Moved]]:
    lines: dict[str, list[Moved]] = {}
    for each in effects.moved if effects else ():
        lines.setdefault(f"{each.cost_centre} {each.category}, {each.line}", []).append(each)
    return lines


def _line_as_text(name: str, moved: list[Moved]) -> str:
    by = sum(each.by for each in moved)
    return f"  {name}: {by:+,.2f} {moved[0].currency} allotted, in {len(moved)} {'month' if len(moved) == 1 else 'months'}."
