"""Write the description of the API, or say whether the one that is kept is still right."""

import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

KEPT = "docs/openapi.yaml"


class Command(BaseCommand):
    help = f"Write {KEPT} from the endpoints. Exit codes: 0 done, or as it should be; 1 it differs, or it cannot be described."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, and say whether the file is as it should be")

    def handle(self, *args: Any, **options: Any) -> None:
        text = io.StringIO()
        call_command("spectacular", fail_on_warn=True, validate=True, stdout=text)
        kept = Path(settings.BASE_DIR) / KEPT
        if not options["check"]:
            kept.write_text(text.getvalue())
        elif not kept.is_file() or kept.read_text() != text.getvalue():
            raise CommandError(
                f"{KEPT} is not what the endpoints say. Renew it: .venv/bin/python manage.py openapi", returncode=1
            )
