"""Sentences about refusals: what was left where, what was asked, and what to do about it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

ASK = "Ask for less, choose another line, or ask finance for a transfer."
LOWER = "Lower it by less, release what is held, or have the reduction approved."
ALLOTMENT_KINDS = frozenset({"allot", "revise"})


def money(amount: Decimal) -> str:
    """Return an amount as a sentence shows it: 1,234.50, with a true minus sign."""
    return f"{amount:,.2f}".replace("-", "\u2212")


def month_name(month: date) -> str:
    return f"{month:%B %Y}"


def window_phrase(window: str, last: date | None) -> str:
    """Return how a sentence ends that speaks of a window: `to November 2026`, `in November 2026`."""
    if last is None or window == "life":
        return "over its whole life"
    phrases = {
        "month": "in {}",
        "quarter": "for the quarter to {}",
        "ytd": "to {}",
        "year": "for the year to {}",
    }
    return phrases[window].format(month_name(last))


def no_funds(details: Mapping[str, Any]) -> tuple[str, str]:
    """Return the sentence and the remedy for a posting that a stop refused.

    `details` is what the posting function says: node, window, to (ISO month or None), kind, held, left, wanted.
    """
    last = date.fromisoformat(details["to"]) if details["to"] else None
    when = window_phrase(details["window"], last)
    left, wanted = Decimal(details["left"]), Decimal(details["wanted"])
    if details["kind"] in ALLOTMENT_KINDS:
        held = money(Decimal(details["held"]))
        spare = money(max(left, Decimal(0)))
        return f"{details['node']} holds {held} {when}; it can give up {spare}, and this takes {money(wanted)} away.", LOWER
    if left < 0:
        where = f" {when}" if last and details["window"] != "life" else ""
        return f"{details['node']} is already overdrawn by {money(-left)}{where}; this asks for {money(wanted)} more.", ASK
    return f"{details['node']} has {money(left)} left {when}; this asks for {money(wanted)}.", ASK


def closed_period(month: date, state: str) -> tuple[str, str]:
    """Return the sentence and the remedy for a month that takes no postings. `state` is closed or missing."""
    if state == "closed":
        return f"{month_name(month)} is closed.", "Choose an open month, or ask finance to reopen it."
    return f"{month_name(month)} was never opened.", "Choose an open month, or ask finance to open it."
