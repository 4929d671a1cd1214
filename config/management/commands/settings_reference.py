"""Write docs/settings.md from config/settings.py."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.operations.reference import reference, source


class Command(BaseCommand):
    help = "Write docs/settings.md from config/settings.py. Exit codes with --check: 0 as it should be, 1 it differs."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail where the page differs")

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "settings.md"
        wanted = reference(source())
        if page.is_file() and page.read_text(encoding="utf-8") == wanted:
            return
        if options["check"]:
            raise CommandError(
                "docs/settings.md is not what config/settings.py says. Run: manage.py settings_reference", returncode=1
            )
        page.write_text(wanted, encoding="utf-8")
        self.stdout.write(f"Written: {page}")
