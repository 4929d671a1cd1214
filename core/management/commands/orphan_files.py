"""Find kept files that no row names, and remove them where that is asked for."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.selectors.files import orphan_files
from core.services.files import discard_orphans


class Command(BaseCommand):
    help = (
        "Name the kept files that no row names and that are older than a day: what was cut off between the two left them. "
        "Exit codes: 0 there are none, or they were removed; 1 there are some."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove them; look at the list first")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        names = orphan_files()
        if options["remove"]:
            discard_orphans(names=names)
        said = {"files": names, "removed": options["remove"]}
        end = f"{len(names)} files that no row names{', removed' if options['remove'] and names else ''}."
        self.stdout.write(json.dumps(said) if options["json"] else "\n".join([*names, end]))
        if names and not options["remove"]:
            raise SystemExit(1)
