"""Look at everything that Purser stands on, and say what is wrong and how it is put right."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.operations.doctor import examine, is_well
from config.operations.parts import Part

WORDS = {"fine": "ok  ", "note": "note", "bad": "BAD "}


class Command(BaseCommand):
    help = (
        "Look at the database, its walls, the work in the background, the machine and the settings; say what is wrong. "
        "Changes nothing. Exit codes: 0 all is well (notes included), 1 something is not."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = examine()
        self.stdout.write(as_json(parts) if options["json"] else as_text(parts))
        if not is_well(parts):
            raise SystemExit(1)


def as_json(parts: list[Part]) -> str:
    checks = [{"id": part.id, "ok": part.ok, "level": part.level, "found": part.found, "fix": part.fix} for part in parts]
    return json.dumps({"ok": is_well(parts), "checks": checks}, ensure_ascii=False)


def as_text(parts: list[Part]) -> str:
    width = max(len(part.id) for part in parts)
    lines = []
    for part in parts:
        lines.append(f"{WORDS[part.level]}  {part.id:{width}}  {part.found}")
        if part.fix:
            lines.append(f"{'':{width + 8}}→ {part.fix}")
    wrong = sum(not part.ok for part in parts)
    lines.append(f"\n{len(parts)} checks: " + (f"{wrong} not well." if wrong else "all is well."))
    return "\n".join(lines)
