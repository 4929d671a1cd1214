"""Whether what is asked for now is covered by what was approved before: nothing else, and no more of it. Pure.

The database holds a stage that is not asked again to the same rule (`approvals/models/grounds.py`). docs/adr/0011 says why.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Content = Mapping[str, Any]
ZERO = Decimal(0)
# What is worded anew rests on nothing, and what has amounts may become less; all else must be the very same.
WORDS = frozenset({"title", "reason"})
AMOUNTS = frozenset({"amount", "monthly_increase", "lines"})


def why_not_covered(before: Content, after: Content, *, same_digest: bool) -> str:
    """Say why an approval of `before` is none of `after`; empty where it covers it. Both are contents of a request's rounds.

    Covered is what asks for nothing else (kind, vendor, currency, what its kind states, tags, emergency, card, contract) and, in
    each budget line and month, for no more than was approved. What moves budget, and says so in terms, is covered only where it
    is the very same, by its digest.
    """
    if _rest(before) != _rest(after):
        return "It asks for something else than before."
    if before.get("terms") and not same_digest:
        return "What it changes in the budget is something else than before."
    if _stated(before) != _stated(after) or _increase(after) > _increase(before):
        return "It takes more each month than before."
    if Decimal(after["amount"]) > Decimal(before["amount"]):
        return "It asks for more than before."
    was, now = _by_place(before), _by_place(after)
    if any(net > was.get(place, (ZERO, ZERO))[0] or funds > was[place][1] for place, (net, funds) in now.items()):
        return "It asks for more in a budget line and month than before."
    return ""


def _rest(content: Content) -> dict[str, Any]:
    return {name: said for name, said in content.items() if name not in WORDS | AMOUNTS}


def _stated(content: Content) -> bool:
    return bool(content["monthly_increase"])


def _increase(content: Content) -> Decimal:
    return Decimal(content["monthly_increase"] or 0)


def _by_place(content: Content) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return what is asked for in each budget line and month: net, and what it takes from the budget."""
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for line in content["lines"]:
        place = (str(line["account"]), str(line["month"]))
        net, vat, back = (Decimal(line[name]) for name in ("net", "vat", "recoverable"))
        before = sums.get(place, (ZERO, ZERO))
        sums[place] = (before[0] + net, before[1] + net + vat - back)
    return sums
