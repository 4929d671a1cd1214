"""A refusal as a page shows it: what was refused, the figures behind it, and the ways out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse

from approvals.models import Request, RequestLine
from approvals.selectors.requests import visible_requests
from approvals.views.typed import Typed
from approvals.views.ways import Way
from budgets.selectors.consumers import Holding, holdings_of
from core.consumers import Consumer
from core.errors import NoFunds, Refusal
from core.models import User

LINE_PLACE = re.compile(r"^lines\.(\d+)\.([a-z_]+)$")
THREAD = re.compile(r"^request-line:(\d+)$")
WINDOWS = {
    "month": "one month",
    "quarter": "a quarter",
    "ytd": "the year to date",
    "year": "the year",
    "life": "the whole life of the budget",
}
MOST_CONSUMERS = 5


@dataclass(frozen=True)
class RefusalShown:
    """What a page says about a refusal."""

    message: str
    remedy: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    ways: list[str | Way] = field(default_factory=list)


def refusal_shown(refusal: Refusal, *, person: User, currency: str = "", ways: Sequence[Way] = ()) -> RefusalShown:
    """Return what to say to a person. Consumers outside what they may see stay without a name."""
    if not isinstance(refusal, NoFunds):
        return RefusalShown(refusal.message, refusal.remedy)
    details = refusal.details
    # A control over several budgets adds up in the organization's currency, whatever the request is in.
    counted_in = str(details.get("currency") or currency)
    rows = [
        ("Where it stopped", str(details.get("node", ""))),
        ("Counted over", WINDOWS.get(str(details.get("window", "")), str(details.get("window", "")))),
        ("Limit", _amount(details, "cap", counted_in)),
        ("Held by all", _amount(details, "held", counted_in)),
        ("Left", _amount(details, "left", counted_in)),
        ("You ask for", _amount(details, "wanted", counted_in)),
    ]
    shown = [(name, value) for name, value in rows if value]
    return RefusalShown(
        refusal.message, "", shown, consumers_of(details, person), [*ways_out(details, counted_in, led=bool(ways)), *ways]
    )


def sides_shown(refusal: Refusal) -> list[dict[str, Any]]:
    """Return both sides of a move that was refused, as they stand in the window that refused it."""
    found = [refusal.details.get(name) for name in ("giver", "taker")]
    sides = [side for side in found if isinstance(side, Mapping)]
    return [
        {"name": str(side["name"])} | {name: _decimal(side[name]) for name in ("allotted", "held", "available")} for side in sides
    ]


def ways_out(details: Mapping[str, Any], currency: str, *, led: bool = False) -> list[str]:
    """Return what a person can do about money that is not there."""
    left = _decimal(details.get("left"))
    ways = [f"Ask for at most {left:,.2f} {currency} here.".replace("  ", " ")] if left and left > 0 else []
    return [
        *ways,
        "Choose another budget line, or a month in which there is something left.",
        "Withdraw a request of yours that holds money here and is no longer needed.",
        *([] if led else ["Ask finance for a transfer, or the owner of the budget for a revision."]),
    ]


def consumers_of(details: Mapping[str, Any], person: User) -> list[Consumer]:
    """Return who holds money there, the largest first: a request that the person may see by its number and title.

    Each leads to its page, or to the entries of its budget line where the person reads these.
    """
    held = holdings_of(details, person)[:MOST_CONSUMERS]
    requests = _requests([holding.thread for holding in held], person)
    return [_consumer(holding, requests.get(holding.thread)) for holding in held]


def _consumer(holding: Holding, request: Request | None) -> Consumer:
    if request is None:
        return Consumer(holding.name, holding.amount, holding.url)
    return Consumer(f"{request.number} {request.title}", holding.amount, reverse("approvals:request", args=[request.number]))


def _requests(threads: list[str], person: User) -> dict[str, Request]:
    ids = {int(match[1]) for thread in threads if (match := THREAD.match(thread))}
    seen = visible_requests(person)
    lines = RequestLine.objects.filter(pk__in=ids, request__in=seen).select_related("request") if ids else []
    return {line.thread: line.request for line in lines}


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def _amount(details: Mapping[str, Any], name: str, currency: str) -> str:
    amount = _decimal(details.get(name))
    return "" if amount is None else f"{amount:,.2f} {currency}".strip()


def tell_fields(typed: Typed, refusal: Refusal) -> None:
    """Put what a service found wrong beside the fields it is about; what has no field goes to the top."""
    for place, sentence in refusal.details.items():
        match = LINE_PLACE.match(place)
        name = place.removeprefix("particulars.")
        if match and int(match[1]) < len(typed.lines):
            form: Any = typed.lines[int(match[1])]
            name = "account" if match[2] == "currency" else match[2]
        else:
            form = typed.about if name != place else typed.form
        form.add_error(name if name in form.fields else None, str(sentence))
    if not refusal.details:
        typed.form.add_error(None, str(refusal))
