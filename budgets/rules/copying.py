"""A budget's plan taken for another time, in another size. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from budgets.rules.months import add_months, first_of
from core.errors import InvalidInput
from core.money import quantize, split

Document = dict[str, Any]
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class CopyTerms:
    """What the copy is called, when it starts, and how large it is: 110 makes 77 of 70."""

    code: str
    name: str
    starts_on: date
    share_pct: Decimal = HUNDRED


def copied(document: Mapping[str, Any], terms: CopyTerms) -> Document:
    """Return a document (as `document_of` gives it) under another code, its months moved, its amounts scaled.

    Each line is scaled and rounded once, half up, and its months share that in the proportion they had; envelopes and the total
    are scaled by themselves. Dates of milestones and months of bands move by as many months. Raises InvalidInput.
    """
    if not 0 < terms.share_pct <= 10_000:
        raise InvalidInput("The share is not one to copy by.", remedy="State more than 0 and up to 10,000 %.", code="share_pct")
    budget = document["budget"]
    shift = _months_from(_month(budget["starts_on"]), first_of(terms.starts_on))
    scale = _Scale(terms.share_pct / HUNDRED, budget["currency"])
    made = {
        **budget,
        "code": terms.code,
        "name": terms.name,
        "starts_on": f"{first_of(terms.starts_on):%Y-%m}",
        "total": scale.amount(budget["total"]),
        "envelopes": [_envelope(envelope, scale, shift) for envelope in budget["envelopes"]],
        "milestones": [_milestone(milestone, scale, shift) for milestone in budget["milestones"]],
    }
    if budget.get("bands"):
        made["bands"] = [_band(band, scale, shift) for band in budget["bands"]]
    return {**document, "budget": made}


@dataclass(frozen=True, slots=True)
class _Scale:
    share: Decimal
    currency: str

    def amount(self, text: str) -> str:
        return f"{quantize(Decimal(text) * self.share, self.currency):.2f}"

    def months(self, months: Mapping[str, str]) -> dict[str, str]:
        amounts = [Decimal(amount) for amount in months.values()]
        whole = quantize(sum(amounts, Decimal(0)) * self.share, self.currency)
        parts = split(whole, amounts, currency=self.currency) if any(amounts) else amounts
        return {month: f"{part:.2f}" for month, part in zip(months, parts, strict=True)}


def _envelope(envelope: Mapping[str, Any], scale: _Scale, shift: int) -> Document:
    scaled = {name: scale.amount(envelope[name]) for name in ("amount", "variance_threshold") if name in envelope}
    return {**envelope, **scaled, "lines": [_line(line, scale, shift) for line in envelope["lines"]]}


def _line(line: Mapping[str, Any], scale: _Scale, shift: int) -> Document:
    months = {f"{add_months(_month(month), shift):%Y-%m}": amount for month, amount in scale.months(line["months"]).items()}
    return {**line, **({"high": scale.amount(line["high"])} if "high" in line else {}), "months": months}


def _milestone(milestone: Mapping[str, Any], scale: _Scale, shift: int) -> Document:
    cost = {"planned_cost": scale.amount(milestone["planned_cost"])} if "planned_cost" in milestone else {}
    return {**milestone, **cost, "due_on": _moved(date.fromisoformat(milestone["due_on"]), shift).isoformat()}


def _band(band: Mapping[str, Any], scale: _Scale, shift: int) -> Document:
    """Return a band in another size. Its targets are held against what was spent in a month, so they stay with the original."""
    kept = {name: said for name, said in band.items() if name != "targets"}
    heading = {"heading": _ends(band["heading"], scale)} if "heading" in band else {}
    parts = [{**part, **_ends(part, scale)} for part in band["parts"]]
    return {**kept, **heading, "starts_on": f"{add_months(_month(band['starts_on']), shift):%Y-%m}", "parts": parts}


def _ends(said: Mapping[str, Any], scale: _Scale) -> Document:
    return {name: scale.amount(said[name]) for name in ("low", "high")}


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


def _months_from(first: date, second: date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


def _moved(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last where it has no such day."""
    month = add_months(first_of(day), months)
    last = add_months(month, 1) - timedelta(days=1)
    return month.replace(day=min(day.day, last.day))
