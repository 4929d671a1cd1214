"""Write all receipts of an entity into a file that anyone can verify elsewhere with verify_receipts.py."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from approvals.services.receipts import write_dump
from core.models import Entity


class Command(BaseCommand):
    help = (
        "Write all receipts of an entity, as of one moment, into a file for verify_receipts.py (docs/receipts.md). "
        "Exit codes: 0 written, 2 no such entity, or the file cannot be written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="the file, as lines of JSON")
        parser.add_argument("--entity", required=True, help="the entity's code")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        entity = Entity.objects.filter(code=options["entity"]).first()
        if entity is None:
            raise CommandError(f"There is no entity {options['entity']}.", returncode=2)
        try:
            count = write_dump(entity=entity, path=options["out"])
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}.", returncode=2) from error
        said = {"file": str(options["out"]), "entity": entity.code, "receipts": count}
        self.stdout.write(json.dumps(said) if options["json"] else f"{options['out']}: {count:,} receipts of {entity.code}.")
