"""Share out what a file states, by one of three methods. Nothing is read from the books, nothing is kept."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.rules import rule_sets
from budgets.rules.allocation import METHODS, Allocation
from budgets.rules.allocation_document import AllocationDocument, json_schema, parse
from budgets.rules.safe_yaml import LARGEST, read
from core.errors import Refusal

HELP = """Share out the costs in a file (YAML, schema docs/schemas/allocation.schema.json) and print what each receiver bears.

direct: each provider goes to the receivers alone. step-down: in the file's order, each goes to those after it and to the
receivers. reciprocal: providers that serve one another, solved exactly. Nothing is read from the books and nothing is kept.
Exit codes: 0 shared out, 1 refused (the reason is printed), 2 wrong use or a file that cannot be read."""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("file", type=Path, nargs="?", help="the file with costs, usage and order")
        parser.add_argument("--method", choices=METHODS, default="direct", help="how providers go to receivers (direct)")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument("--schema", action="store_true", help="print the JSON Schema of such a file, and share out nothing")

        parser.add_argument("--rules-schema", action="store_true", help="print the JSON Schema of a rule set for chargebacks")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["schema"] or options["rules_schema"]:
            self.stdout.write(schema_text() if options["schema"] else rules_schema_text(), ending="")
            return
        if options["file"] is None:
            raise CommandError("Name a file.", returncode=2)
        content = _content_of(options["file"])
        try:
            document = parse(read(content))
            allocation = document.allocated(options["method"])
        except Refusal as refusal:
            self._refuse(refusal, as_json=options["json"])
        self.stdout.write(json.dumps(_as_json(allocation)) if options["json"] else _as_text(document, allocation))

    def _refuse(self, refusal: Refusal, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(str(refusal), returncode=1)
        self.stdout.write(json.dumps({"error": str(refusal), "code": refusal.code, "details": refusal.details}, default=str))
        raise SystemExit(1)


def schema_text() -> str:
    """Return the JSON Schema as docs/schemas/allocation.schema.json holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def rules_schema_text() -> str:
    """Return the JSON Schema as docs/schemas/allocation-rules.schema.json holds it."""
    return json.dumps(rule_sets.json_schema(), indent=2, ensure_ascii=False) + "\n"


def _content_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error


def _as_json(allocation: Allocation) -> dict[str, Any]:
    return {"receivers": {name: str(amount) for name, amount in allocation.receivers.items()}, "total": str(allocation.total)}


def _as_text(document: AllocationDocument, allocation: Allocation) -> str:
    rows = []
    for name, amount in allocation.receivers.items():
        rows.append(f"{name}: {amount:,.2f} {document.currency}")
        sources = {"its own": allocation.own[name]} | {source: parts.get(name) for source, parts in allocation.parts.items()}
        rows += [f"  {_words(source)} {part:,.2f}" for source, part in sources.items() if part]
    return "\n".join([*rows, f"Together: {allocation.total:,.2f} {document.currency}"])


def _words(source: str) -> str:
    return source if source == "its own" else f"from {source}"
