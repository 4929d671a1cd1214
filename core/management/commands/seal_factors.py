"""Seal the seeds of second factors under the first key of PURSER_FACTOR_KEYS: after a new key was put there."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.services.factors import seal_factors


class Command(BaseCommand):
    help = (
        "Seal the seeds of second factors under the first key of PURSER_FACTOR_KEYS (docs/sign-in.md). Safe to run again. "
        "Exit codes: 0 all are sealed under it, 1 some are sealed under a key that is not given, 2 no key is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FACTOR_KEYS_ARE_KEPT:
            raise CommandError("No key is kept: set PURSER_FACTOR_KEYS, or let manage.py up make a signing key.", returncode=2)
        done = seal_factors()
        words = f"{done.seeds} seeds of second factors: {done.sealed} sealed now, {done.unreadable} under no key that is given."
        self.stdout.write(json.dumps(asdict(done)) if options["json"] else words)
        if done.unreadable:
            raise SystemExit(1)
