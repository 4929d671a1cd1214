"""`manage.py load_policy FILE`: read a policy and let it be the one that routes from now on."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from approvals.services.policies import load_policy
from budgets.rules.safe_yaml import read
from core.errors import InvalidInput, Missing, Refusal
from core.models import Entity
from core.trials import maybe_undone


class Command(BaseCommand):
    help = "Load an approval policy from a YAML document, and publish it: at once, or from a day on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--entity", default="", help="The entity's code; else the document names it.")
        parser.add_argument("--draft", action="store_true", help="Store it without publishing it.")
        parser.add_argument(
            "--from", dest="day", type=_day, help="From which day on it holds; else the document's, else at once."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be, refusals included, and change nothing.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self._load(options)
        except Refusal as refusal:
            self._say({"error": str(refusal), "details": refusal.details}, options)
            raise SystemExit(1) from refusal
        self._say(answer, options)

    def _load(self, options: dict[str, Any]) -> dict[str, Any]:
        document = read_document(options["file"])
        entity = find_entity(options["entity"] or str(document.get("entity") or ""))
        with maybe_undone(dry_run=options["dry_run"]):
            version = load_policy(
                document=document, entity=entity, actor=None, publish=not options["draft"], effective_from=options["day"]
            )
            return {
                "policy": version.policy.code,
                "entity": entity.code,
                "version": version.number,
                "state": version.standing,
                "effective_from": version.effective_from.isoformat() if version.effective_from else None,
                "rules": version.rules.count(),
                **({"dry_run": True} if options["dry_run"] else {}),
            }

    def _say(self, answer: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        elif "error" in answer:
            self.stderr.write(answer["error"])
            for place, sentence in answer["details"].items():
                self.stderr.write(f"  {place}: {sentence}")
        else:
            begins = " from {effective_from}".format(**answer) if answer["state"] == "scheduled" else ""
            self.stdout.write(
                "{policy} version {version} {does} {state}{begins}: {rules} rules for {entity}.".format(
                    **answer, begins=begins, does="would be" if options["dry_run"] else "is"
                )
            )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text[:20]} is no day: write one such as 2026-11-20") from error


def read_document(path: Path) -> dict[str, Any]:
    """Read a YAML document as text, amounts kept as written. Raises InvalidInput."""
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}.", remedy="Give a YAML file in UTF-8.") from error


def find_entity(code: str) -> Entity:
    """Return the entity with `code`, or the only one there is. Raises Missing."""
    found = list(Entity.objects.filter(code=code) if code else Entity.objects.all()[:2])
    if len(found) != 1:
        raise Missing(
            f"There is no entity {code}." if code else "Nothing says which entity the policy is for.",
            remedy="Name it with --entity.",
        )
    return found[0]
