"""State an organization's tag keys, rules and target from a YAML file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from budgets.rules.safe_yaml import read
from budgets.services.tag_files import load_tags
from core.errors import Refusal
from core.models import Entity
from core.trials import maybe_undone


class Command(BaseCommand):
    """Exits 0 when what the file says holds, 1 with a reason when not, 2 on wrong use."""

    help = "States the tag keys, the rules that set tags, and the target, that a YAML file names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file, the entity and the month."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--entity", required=True, help="The code of the entity.")
        parser.add_argument("--from", dest="month", default="", help="The first month it holds for, where the file names none.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would state, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how much was loaded."""
        entity = Entity.objects.filter(code=options["entity"]).first()
        if entity is None:
            raise CommandError(f"There is no entity “{options['entity']}”.")
        begins = {"starts_on": options["month"]} if options["month"] else {}
        try:
            with maybe_undone(dry_run=options["dry_run"]):
                said = load_tags(entity=entity, document=begins | read(options["file"].read_bytes()), actor=None)
        except (OSError, Refusal) as error:
            raise CommandError(str(error)) from error
        hold = "would hold" if options["dry_run"] else "hold"
        self.stdout.write(f"{len(said.keys)} keys and {len(said.rules)} rules {hold} from {said.starts_on:%B %Y} on.")
