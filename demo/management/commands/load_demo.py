"""Load the demo's organizations and tell their twelve months, once."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from budgets.models import Budget, Period
from core import clock
from core.errors import Refusal
from demo.telling import tell
from reporting.selectors.packs import latest_pack
from reporting.services.packs import freeze_pack, render_pack


class Command(BaseCommand):
    help = (
        "Loads the demo's organizations and tells their twelve months through the services; where they are there, does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the outcome as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        outcome: dict[str, Any] = {"loaded": False, "acts": 0, "refused": 0}
        if not Budget.objects.exists():
            told = tell(present=clock.now())
            outcome = {"loaded": True, "acts": told.acts, "refused": len(told.refusals)}
        elif not Budget.objects.filter(code="KAFKA").exists():
            raise CommandError("This database holds other budgets. The demo is loaded into an empty one.")
        outcome["pack"] = str(self._write_pack())
        self.stdout.write(json.dumps(outcome) if options["json"] else f"The board pack lies at {outcome['pack']}")

    def _write_pack(self) -> Path | str:
        """Write the pack of the last month that is closed to a file; say why where that cannot be done."""
        budget = Budget.objects.get(code="KAFKA")
        closed = Period.objects.filter(
            entity=budget.entity, state="closed", month__range=(budget.starts_on, budget.ends_on)
        ).last()
        month = closed.month if closed else budget.starts_on
        out = Path(settings.VAR_DIR) / f"board-pack-KAFKA-{month:%Y-%m}.pdf"
        try:
            pack = latest_pack(budget, month) or freeze_pack(budget=budget, month=month, actor=None)
            file = render_pack(pack=pack, actor=None)
        except Refusal as refusal:
            return f"nowhere yet: {refusal}"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(bytes(file.content))
        return out
