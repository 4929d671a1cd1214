"""Who holds the money that a posting missed: budget lines, or documents on the one line that refused it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.budgets import READING
from core.consumers import Consumer
from core.errors import NoFunds
from core.models import User


@dataclass(frozen=True, slots=True)
class Holding:
    """What a budget line holds, or the document with this `thread` on it; `url` opens its entries, for who reads them."""

    name: str
    amount: Decimal
    thread: str
    url: str


def holdings_of(details: Mapping[str, Any], user: User) -> list[Holding]:
    """Return what holds the money, by what the ledger's refusal says of it, the largest first."""
    found = [row for row in details.get("consumers") or [] if isinstance(row, Mapping)]
    read = accounts_in_reach(user, *READING).filter(pk__in=[row["account"] for row in found]) if found else []
    codes = {account.pk: account.budget.code for account in read}
    holdings = [_holding(row, codes, details) for row in found]
    return sorted(holdings, key=lambda holding: -holding.amount)


def consumers_held(refusal: NoFunds, user: User) -> Sequence[Consumer]:
    """Return the same for the page of a refusal."""
    return [Consumer(each.name, each.amount, each.url) for each in holdings_of(refusal.details, user)]


def _holding(row: Mapping[str, Any], codes: Mapping[int, str], details: Mapping[str, Any]) -> Holding:
    thread, name = str(row.get("thread") or ""), str(row["name"])
    shown = f"A document on {name}" if thread else name
    code = codes.get(row["account"])
    return Holding(shown, Decimal(str(row["held"])), thread, _entries(code, row["account"], details) if code else "")


def _entries(code: str, account_id: int, details: Mapping[str, Any]) -> str:
    """Return the address of the line's entries that hold money, up to the end of the window that refused."""
    asked: dict[str, Any] = {"account": account_id, "bucket": "held"}
    if details.get("to"):
        asked["until"] = f"{date.fromisoformat(str(details['to'])):%Y-%m}"
    return f"{reverse('budgets:entries', args=[code])}?{urlencode(asked)}"
