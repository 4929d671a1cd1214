"""`manage.py import_history FILE --calendar NL`: past approvals of another system, as XES or CSV."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from approvals.management.commands.load_policy import find_entity
from approvals.services.history import ReadHistory, keep_history, read_history
from core.errors import Refusal
from core.models import Entity
from core.trials import maybe_undone

HELP = """Read an event log (XES, XES packed by gzip, or CSV), say how long its decisions waited, and keep it for an organization.

A decision is APPROVED, FINAL_APPROVED or REJECTED by anyone but the EMPLOYEE; its wait begins at the document's event before
it, and waits that begin at a rejection are left out. The same file again is kept once. Without --entity, and
where there is not just one organization, the log is read and not kept.
Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong use or a file that cannot be read."""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--calendar", required=True, help="A country, such as NL or DE-BY, or the code of a work calendar.")
        parser.add_argument("--entity", default="", metavar="CODE")
        parser.add_argument("--kind", default="", help="The kind of request that its cases count as when a policy is replayed.")
        parser.add_argument("--dry-run", action="store_true", help="Keep nothing, though an organization is named.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        content = content_of(options["file"])
        try:
            read = read_history(content=content, name=options["file"].name, calendar=options["calendar"])
            entity = _entity_of(options["entity"])
            with maybe_undone(dry_run=options["dry_run"]):
                log = keep_history(read=read, entity=entity, actor=None, kind=options["kind"]) if entity else None
        except Refusal as refusal:
            self._refuse(refusal, as_json=options["json"])
        kept = "would" if log and options["dry_run"] else "yes" if log else "no"
        answer = read.as_json() | {"kept": kept == "yes", "entity": entity.code if entity else None}
        self.stdout.write(json.dumps(answer) if options["json"] else as_text(read, kept=kept))

    def _refuse(self, refusal: Refusal, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(str(refusal), returncode=1)
        self.stdout.write(json.dumps({"error": str(refusal), "code": refusal.code}))
        raise SystemExit(1)


KEPT = {"yes": "Kept.", "would": "It would be kept.", "no": "Not kept: name the organization with --entity."}


def as_text(read: ReadHistory, *, kept: str) -> str:
    """Return what was read, in words; `kept` is one of `yes`, `would` and `no`."""
    told = read.as_json()
    about = told["document"] or "no document"
    lines = [
        f"{told['cases']:,} cases, {told['events']:,} events, {told['decisions']:,} decisions on {about}.",
        f"{told['over_3_business_days']:,} took over 3 business days ({read.calendar}), {told['over_72_hours']:,} over 72 h.",
        f"{told['resubmitted']:,} cases submitted again, {told['reversed_after_final']:,} rejected after their final approval.",
    ]
    lines += [f"  {each.stage}: {each.decisions:,}, median {each.median_hours:,.1f} h" for each in read.figures.by_stage]
    lines += [f"  {count:,} left out, {reason}" for reason, count in told["unread"].items()]
    return "\n".join([*lines, KEPT[kept]])


def content_of(path: Path) -> bytes:
    """Return a log's bytes, one more than may be read where it is too long. Raises CommandError."""
    try:
        with path.open("rb") as file:
            return file.read(settings.MAX_IMPORT_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error


def _entity_of(code: str) -> Entity | None:
    if code:
        return find_entity(code)
    every = list(Entity.objects.all()[:2])
    return every[0] if len(every) == 1 else None
