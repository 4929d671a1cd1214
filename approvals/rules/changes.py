"""What changed between two rounds of a request, in words that a decider reads. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HEAD = (
    ("title", "What for"),
    ("kind", "Kind"),
    ("vendor", "Vendor"),
    ("amount", "Amount"),
    ("monthly_increase", "Monthly increase"),
)
LINE = (
    ("description", "what"),
    ("budget", "budget"),
    ("cost_centre", "cost centre"),
    ("category", "category"),
    ("month", "month"),
    ("net", "net"),
    ("vat", "VAT"),
    ("recoverable", "VAT that comes back"),
)
AMOUNTS = frozenset({"amount", "monthly_increase", "net", "vat", "recoverable"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different. An empty `before` was added, an empty `after` taken away."""

    what: str
    before: str
    after: str


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what differs between two contents of a request, the head first, then line by line."""
    head = [_change(words, name, before, after) for name, words in HEAD]
    old = {line["number"]: line for line in before.get("lines", [])}
    new = {line["number"]: line for line in after.get("lines", [])}
    lines = [change for number in sorted(old | new) for change in _line_changes(number, old.get(number), new.get(number))]
    return [change for change in [*head, *lines] if change.before != change.after]


def _line_changes(number: int, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    if before is None or after is None:
        return [Change(f"Line {number}", _whole(before), _whole(after))]
    return [_change(f"Line {number}, {words}", name, before, after) for name, words in LINE]


def _change(words: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    return Change(words, _shown(name, before.get(name)), _shown(name, after.get(name)))


def _whole(line: Mapping[str, Any] | None) -> str:
    return f"{line['description']}, {_shown('net', line['net'])}" if line else ""


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name in AMOUNTS:
        return f"{Decimal(str(value)):,.2f}"
    return str(value)[:7] if name == "month" else str(value).replace("_", " ") if name == "kind" else str(value)
