"""The figures behind a refusal, in words."""

from decimal import Decimal
from typing import Any

from django import template

from core.errors import Refusal
from core.templatetags.figures import money

register = template.Library()

LABELS = {
    "node": "Where",
    "window": "Over",
    "from": "From",
    "to": "To",
    "currency": "Amounts in",
    "cap": "Limit",
    "allotted": "Allotted under it",
    "held": "Held already",
    "wanted": "Asked for",
    "left": "Left",
    "month": "Month",
    "row": "Row",
    "line": "Line",
    "where": "Where",
    "state": "State now",
}
AMOUNTS = {"cap", "allotted", "held", "wanted", "left"}
# What a refusal for lack of funds is about: money that is held, allotments, or a limit that is below either.
BESIDE_THE_POINT = {"held": {"allotted"}, "allotted": {"held"}, "limit": set[str]()}


def _shown(name: str, value: Any) -> str:
    if name in AMOUNTS and isinstance(value, Decimal | int | str):
        return money(value)
    return str(value)


@register.filter
def facts_of(refusal: Refusal) -> list[tuple[str, str]]:
    """Return the details of a refusal that a person can read, each with its label; the rest is for machines."""
    hidden = BESIDE_THE_POINT.get(str(refusal.details.get("what")), {"allotted"})
    shown = LABELS.keys() - hidden
    known = ((name, value) for name, value in refusal.details.items() if name in shown and value not in (None, ""))
    return [(LABELS[name], _shown(name, value)) for name, value in known]
