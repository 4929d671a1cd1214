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
    "cap": "Allotted there",
    "held": "Held already",
    "wanted": "Asked for",
    "left": "Left",
    "month": "Month",
    "row": "Row",
    "line": "Line",
    "where": "Where",
    "state": "State now",
}
AMOUNTS = {"cap", "held", "wanted", "left"}


def _shown(name: str, value: Any) -> str:
    if name in AMOUNTS and isinstance(value, Decimal | int | str):
        return money(value)
    return str(value)


@register.filter
def facts_of(refusal: Refusal) -> list[tuple[str, str]]:
    """Return the details of a refusal that a person can read, each with its label; the rest is for machines."""
    known = ((name, value) for name, value in refusal.details.items() if name in LABELS and value not in (None, ""))
    return [(LABELS[name], _shown(name, value)) for name, value in known]
