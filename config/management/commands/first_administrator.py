"""Print a new one-time link for the first administrator, while none has signed in."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from config.runtime.embedded import write_secret
from core.errors import WrongState
from core.services.first_administrator import make_first_link


class Command(BaseCommand):
    help = "Makes a new one-time link by which the first administrator sets name, e-mail and password. The one before it is void."

    def handle(self, **options: Any) -> None:
        try:
            token = make_first_link()
        except WrongState as refusal:
            raise CommandError(str(refusal)) from refusal
        write_secret(settings.FIRST_ADMINISTRATOR_FILE, f"{token}\n")
        running = Path(settings.VAR_DIR) / "address"
        base = running.read_text().strip().rstrip("/") if running.is_file() else settings.BASE_URL
        self.stdout.write(f"{base}{reverse('core:first-administrator', args=[token])}")
        self.stdout.write(f"It works once, within {settings.FIRST_ADMINISTRATOR_HOURS} hours.")
