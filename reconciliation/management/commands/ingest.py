"""Import a file from the command line, or see what it would do."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core.errors import Missing, Refusal
from core.models import User
from reconciliation.models import ImportFile, Source
from reconciliation.rules.outcome import Outcome
from reconciliation.rules.problems import FileRefused
from reconciliation.selectors.previews import outcome_again, outcome_of
from reconciliation.services.ingest import apply, preview, receive_file
from reconciliation.services.source_files import find_source


class Command(BaseCommand):
    """Exits 0 when the file was imported (or tried, with --dry-run), 1 with a reason when not, 2 on wrong use."""

    help = "Imports a file of a source: spend, invoices, a bill, a bank statement. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file, its source, and who does it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="The code of the source the file comes from.")
        parser.add_argument("--entity", default="", help="The code of the entity, where several have the source.")
        parser.add_argument("--actor", default="", help="The e-mail address of the person who imports; nobody by default.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would do, and change nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, print, and set the exit code."""
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._failed(options, f"{path} cannot be read: {error.strerror}.", None) from error
        try:
            with transaction.atomic():
                source = find_source(code=options["source"], entity_code=options["entity"], actor=_actor(options["actor"]))
                if options["dry_run"]:
                    outcome = preview(source=source, name=path.name, content=content)
                    transaction.set_rollback(True)  # a source that was set up for the trial goes with it
            if not options["dry_run"]:
                outcome = _import(source, path.name, content, _actor(options["actor"]))
        except Refusal as refusal:
            raise self._failed(options, str(refusal), None) from refusal
        if outcome.refused:
            raise self._failed(options, outcome.refused, outcome)
        self.stdout.write(
            json.dumps(outcome.as_json(), indent=1) if options["json"] else _sentences(outcome, dry_run=options["dry_run"])
        )

    def _failed(self, options: dict[str, Any], reason: str, outcome: Outcome | None) -> CommandError:
        if options["json"]:
            self.stdout.write(json.dumps((outcome.as_json() if outcome else {"refused": reason}) | {"error": reason}, indent=1))
        return CommandError(reason, returncode=1)


def _actor(email: str) -> User | None:
    if not email:
        return None
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise Missing(f"Nobody with the address {email} is active here.", remedy="Name another person, or leave --actor out.")
    return found


def _import(source: Source, name: str, content: bytes, actor: User | None) -> Outcome:
    try:
        import_file = receive_file(source=source, name=name, content=content, actor=actor)
        if import_file.state == ImportFile.State.DONE:
            return outcome_again(import_file)
        return outcome_of(apply(import_file_id=import_file.pk, actor=actor))
    except FileRefused as refusal:
        return Outcome(format=source.format, currency=source.entity.currency, refused=str(refusal))


def _sentences(outcome: Outcome, *, dry_run: bool) -> str:
    counts = ", ".join(f"{outcome.counts[status]:,} {status}" for status in ("accepted", "quarantined", "duplicate", "ignored"))
    lines = [
        f"{'Would import' if dry_run else 'Imported'} {outcome.rows:,} rows of {outcome.format}: {counts}.",
        f"{outcome.new:,} new, {outcome.known:,} known, {outcome.changed:,} changed, {outcome.vanished:,} vanished.",
        f"Control total {outcome.control_total:,} {outcome.currency}.",
    ]
    lines += [
        f"{each.rows:,} {each.status} ({each.code}): {each.sentence} {each.remedy}".rstrip() for each in outcome.reasons.values()
    ]
    lines += [f"Found: {finding['sentence']} {finding['where']}: {finding['amount']}." for finding in outcome.findings]
    return "\n".join(lines)
