"""Rebuild the ledger's sums from its entries, verify its chains, and say whether they agree."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from budgets.selectors.anchors import AnchorCheck, check_anchors
from budgets.selectors.check import MOST_NAMED, LedgerCheck, check_ledger


class Command(BaseCommand):
    help = (
        "Rebuild balances and counters from the entries, verify every account's chain, hold the anchors against it, and say "
        "whether all agree. Exit codes: 0 whole, 1 drift, a broken chain or an anchor that does not fit (the places are named)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found, anchored = check_ledger(), check_anchors()
        self.stdout.write(json.dumps(_as_json(found, anchored)) if options["json"] else _as_text(found, anchored))
        if not found.is_whole or anchored.breaks:
            raise SystemExit(1)


def _as_json(found: LedgerCheck, anchored: AnchorCheck) -> dict[str, Any]:
    breaks = found.breaks + anchored.breaks
    outcome: dict[str, Any] = {
        "entries": found.entries,
        "accounts": found.accounts,
        "drift": len(found.drift),
        "chain": "broken" if breaks else "ok",
        "anchors": anchored.anchors,
    }
    if anchored.restores:
        outcome["restores"] = anchored.restores
    return {**outcome, "where": (found.drift + breaks)[:MOST_NAMED]} if found.drift or breaks else outcome


def _as_text(found: LedgerCheck, anchored: AnchorCheck) -> str:
    head = f"{found.entries:,} entries in {found.accounts:,} accounts, {anchored.anchors:,} anchors."
    # What was accepted is said each time, whatever else is found.
    head = "\n".join([*(f"ACCEPTED: {restore}." for restore in anchored.restores), head])
    breaks = found.breaks + anchored.breaks
    if not found.drift and not breaks:
        return f"{head} Balances and counters agree with them; every chain is whole."
    wrong = [f"  drift: {place}" for place in found.drift[:MOST_NAMED]] + [f"  chain: {place}" for place in breaks[:MOST_NAMED]]
    return "\n".join([f"{head} {len(found.drift)} sums differ; {len(breaks)} places in the chains are broken.", *wrong])
