"""Rebuild the ledger's sums from its entries, verify its chains, and say whether they agree."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from budgets.selectors.check import MOST_NAMED, LedgerCheck, check_ledger


class Command(BaseCommand):
    help = (
        "Rebuild balances and counters from the entries, verify every account's chain, and say whether they agree. "
        "Exit codes: 0 whole, 1 drift or a broken chain (the places are named)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_ledger()
        self.stdout.write(json.dumps(_as_json(found)) if options["json"] else _as_text(found))
        if not found.is_whole:
            raise SystemExit(1)


def _as_json(found: LedgerCheck) -> dict[str, Any]:
    outcome: dict[str, Any] = {
        "entries": found.entries,
        "accounts": found.accounts,
        "drift": len(found.drift),
        "chain": "broken" if found.breaks else "ok",
    }
    return outcome if found.is_whole else {**outcome, "where": (found.drift + found.breaks)[:MOST_NAMED]}


def _as_text(found: LedgerCheck) -> str:
    head = f"{found.entries:,} entries in {found.accounts:,} accounts."
    if found.is_whole:
        return f"{head} Balances and counters agree with them; every chain is whole."
    wrong = [f"  drift: {place}" for place in found.drift[:MOST_NAMED]]
    wrong += [f"  chain: {place}" for place in found.breaks[:MOST_NAMED]]
    return "\n".join([f"{head} {len(found.drift)} sums differ; {len(found.breaks)} places in the chains are broken.", *wrong])
