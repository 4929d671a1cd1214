"""Bring Purser up: database, migrations, web server, worker and beat under one supervisor."""

import signal
from argparse import BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.runtime.backups.restoring import unfinished
from config.runtime.bringing_up import Plan, bring_up, only_one
from config.runtime.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = "Brings up what is missing, and keeps it up: PostgreSQL, migrations, web server, Celery worker and beat."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Load the demo's organizations and let anyone switch roles.")
        parser.add_argument("--host", default="127.0.0.1", help="The address the web server listens at.")
        parser.add_argument("--port", type=int, default=8000, help="Another is taken where this one is in use.")
        parser.add_argument(
            "--serve", action=BooleanOptionalAction, default=True, help="--no-serve prepares everything, and ends."
        )

    def handle(self, **options: Any) -> None:
        var = Path(settings.VAR_DIR)
        var.mkdir(parents=True, exist_ok=True)
        plan = Plan(var=var, demo=options["demo"], host=options["host"], port=options["port"], serve=options["serve"])
        signal.signal(signal.SIGTERM, _interrupt)
        with only_one(var):
            if half_done := unfinished(var):
                raise CommandError(f"A restore was cut off here. Run it again first:  manage.py restore {half_done}")
            try:
                bring_up(plan, say=self._say)
            except KeyboardInterrupt:
                self._say("Stopped.")
            except EmbeddedServerError as error:
                raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
