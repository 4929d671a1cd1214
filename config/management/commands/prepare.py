"""Bring the database up to date: migrations, the app role's rights, schedules, the first administrator's link."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from config.runtime.embedded import write_secret
from config.runtime.hardening import Grants, harden
from config.runtime.logins import Login
from config.runtime.schedules import ensure_schedules
from core.errors import NotFound
from core.services.factors import seal_factors
from core.services.first_administrator import administrator_is_there, first_link_of, make_first_link


class Command(BaseCommand):
    help = "Migrates as the owner of the database, gives the app role its rights, and makes what every installation has."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--app-role", default=settings.DATABASE_APP_ROLE, help="Empty: there is none to give rights to.")

    def handle(self, *, app_role: str, **options: Any) -> None:
        call_command("migrate", verbosity=options["verbosity"], interactive=False)
        if app_role:
            with Login.from_settings(connection.settings_dict).connect() as owner:
                harden(owner, app_role=app_role, grants=Grants.declared())
        for name in ensure_schedules():
            self.stdout.write(f"Scheduled: {name}")
        if settings.FACTOR_KEYS_ARE_KEPT:
            seal_factors()
        ensure_first_link(settings.FIRST_ADMINISTRATOR_FILE)


def ensure_first_link(kept: Path) -> None:
    """Keep the first administrator's one-time link in a file that nobody else can read, until it is used or lapses."""
    if administrator_is_there():
        kept.unlink(missing_ok=True)
        return
    if kept.is_file() and holds(kept.read_text().strip()):
        return
    write_secret(kept, f"{make_first_link()}\n")


def holds(token: str) -> bool:
    """Say whether a link can still be used."""
    try:
        first_link_of(token)
    except NotFound:
        return False
    return True
