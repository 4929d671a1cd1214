"""Name this moment, to come back to it by its name."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.runtime.backups.places import this_place
from config.runtime.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = (
        "Names this moment of the embedded server, before a large import for instance: `restore DIR --until NAME` comes back "
        "to it. Needs PURSER_ARCHIVE_DIR. Exit codes: 0 named, 1 not."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="at most 63 letters, each name once")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            with this_place() as place:
                if place.server is None or place.server.archive is None:
                    raise CommandError("There is no archive to find that point in: set PURSER_ARCHIVE_DIR, and take a backup.")
                with place.admin.connect() as server:
                    server.execute("SELECT pg_create_restore_point(%s)", [name])
                    # Into the archive at once, not only when the segment is full.
                    server.execute("SELECT pg_switch_wal()")
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Named. After a backup from before:  manage.py restore DIR --until {name}")
