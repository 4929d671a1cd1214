"""What changed between two rounds of a request, in words that a decider reads. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from approvals.rules.particulars import FIELDS
from approvals.rules.tags import tags_text

HEAD = (
    ("title", "What for"),
    ("reason", "Why"),
    ("kind", "Kind"),
    ("vendor", "Vendor"),
    ("amount", "Amount"),
    ("monthly_increase", "Monthly increase"),
    ("emergency", "Emergency"),
    ("card", "Paid by"),
    ("contract", "Under the contract"),
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
    if "reason" not in before or "reason" not in after:
        # Contents from before it was kept with them say nothing of it.
        head = [change for change in head if change.what != "Why"]
    head.append(Change("Tags", tags_text(before.get("tags") or {}), tags_text(after.get("tags") or {})))
    head += _stated(before.get("particulars", {}), after.get("particulars", {}))
    old = {line["number"]: line for line in before.get("lines", [])}
    new = {line["number"]: line for line in after.get("lines", [])}
    lines = [change for number in sorted(old | new) for change in _line_changes(number, old.get(number), new.get(number))]
    was, now = before.get("terms") or {}, after.get("terms") or {}
    terms = [Change(name, str(was.get(name, "")), str(now.get(name, ""))) for name in dict.fromkeys([*was, *now])]
    return [change for change in [*head, *terms, *lines] if change.before != change.after]


def _stated(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    names = {field.name: field.words for fields in FIELDS.values() for field in fields}
    return [Change(names.get(each, each), before.get(each, ""), after.get(each, "")) for each in {**before, **after}]


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
    if value is True:
        return "yes"
    return str(value)[:7] if name == "month" else str(value).replace("_", " ") if name == "kind" else str(value)
