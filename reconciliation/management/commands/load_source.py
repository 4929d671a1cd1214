"""Define sources from a YAML file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import Refusal
from core.models import Entity
from core.trials import maybe_undone
from reconciliation.rules.source_files import parse_sources
from reconciliation.services.source_files import load_sources


class Command(BaseCommand):
    """Exits 0 when the sources are there, 1 with a reason when not, 2 on wrong use."""

    help = "Makes or changes the sources that a YAML file defines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the entity."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--entity", default="", help="The code of the entity; else the one that the file names.")
        parser.add_argument("--dry-run", action="store_true", help="Name what it would load, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and name what was loaded."""
        try:
            document = parse_sources(options["file"].read_text(encoding="utf-8"))
            entity = Entity.objects.filter(code=options["entity"] or document.entity).first()
            if entity is None:
                raise CommandError(f"There is no entity “{options['entity'] or document.entity}”. Add --entity CODE.")
            with maybe_undone(dry_run=options["dry_run"]):
                sources = load_sources(document=document, entity=entity, actor=None)
        except (OSError, UnicodeDecodeError, Refusal) as error:
            raise CommandError(str(error)) from error
        for source in sources:
            self.stdout.write(f"{source.code}: {source.name} ({source.get_format_display()})")
        if options["dry_run"]:
            self.stdout.write("Nothing was changed.")
