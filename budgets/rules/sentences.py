"""Sentences about refusals: what was left where, what was asked, and what to do about it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

ASK = "Ask for less, choose another line, or ask finance for a transfer."
LOWER = "Lower it by less, release what is held, or have the reduction approved."
ALLOTMENT_KINDS = frozenset({"allot", "revise", "transfer", "carry"})


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
    if details.get("what") in {"allotted", "limit"}:
        return _below_what_it_covers(details, window_phrase(details["window"], last))
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


def _below_what_it_covers(details: Mapping[str, Any], when: str) -> tuple[str, str]:
    """Return the sentence and the remedy where a limit of a node's own would be less than what is allotted or held under it."""
    node, cap, allotted = details["node"], Decimal(details["cap"]), Decimal(details["allotted"])
    if details["what"] == "allotted":
        wanted = money(Decimal(details["wanted"]))
        said = f"{node} may be allotted {money(cap)} {when}; {money(allotted)} is, and this would allot {wanted} more."
        return said, "Raise its limit first, or allot less."
    held = Decimal(details["held"])
    covered = f"{money(allotted)} is allotted" if allotted >= held else f"{money(held)} is held"
    said = f"{node} cannot be limited to {money(cap)} {when}: {covered} under it."
    return said, "Lower what is below it first, or set the limit all the same and give the reason."


def settled(details: Mapping[str, Any]) -> tuple[str, str]:
    """Return the sentence and the remedy where a pending journal cannot be settled, or reversed, as asked."""
    if details["what"] == "missing":
        return f"There is no pending journal with the key {details['key']}.", "Name the journal that holds the money."
    journal = details["journal"]
    if details["what"] == "reversed":
        return f"Journal {journal} was reversed: it holds nothing any more.", "Hold the money anew."
    if details["what"] == "used":
        return f"Journal {journal} was settled in part, or moved.", "Reverse first what settled or moved it."
    if details["what"] == "nothing":
        return f"Nothing of this settles what journal {journal} holds.", "Name the journal that holds the money."
    left, wanted = money(Decimal(details["left"])), money(Decimal(details["wanted"]))
    return f"Journal {journal} has {left} {details['bucket']} left; this takes {wanted}.", "Take what is left, or less."


def closed_period(month: date, state: str) -> tuple[str, str]:
    """Return the sentence and the remedy for a month that takes no postings. `state` is closed or missing."""
    if state == "closed":
        return f"{month_name(month)} is closed.", "Choose an open month, or ask finance to reopen it."
    return f"{month_name(month)} was never opened.", "Choose an open month, or ask finance to open it."


def kept_back(details: Mapping[str, Any]) -> tuple[str, str]:
    """Say why a reserve's line refuses: nobody spends from it but by a draw, or it would hold less than nothing."""
    name = details["name"]
    if details["what"] == "overdrawn":
        short = f"{Decimal(details['short']):,.2f} {details['currency']}"
        return (
            f"{name} is a reserve, and by this it would hold {short} less than nothing.",
            "Take less from it: what was drawn on it, and what waits to be drawn, is gone already.",
        )
    return f"{name} is a reserve; nobody spends from it directly.", "Book on another line, and draw on the reserve for that line."
