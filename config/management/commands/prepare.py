"""Bring the database up to date: migrations, the app role's rights, schedules, the first administrator."""

import secrets
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
from core.models import User

ADMINISTRATOR = "administrator@purser.localhost"


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
        ensure_administrator(Path(settings.VAR_DIR) / "administrator")


def ensure_administrator(kept: Path) -> None:
    """Make the first administrator, with a random password in a file that nobody else can read. Later ones are people's own."""
    if User.objects.filter(is_superuser=True).exists():
        return
    password = secrets.token_urlsafe(12)
    write_secret(kept, f"{ADMINISTRATOR} {password}\n")
    User.objects.create_superuser(email=ADMINISTRATOR, password=password, name="Administrator")
