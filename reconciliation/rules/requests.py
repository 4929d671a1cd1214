"""Which request an invoice answers, as far as papers tell. Amounts in one currency, net of VAT that comes back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciliation.rules.pairing import Pairing, unique_both_ways
from reconciliation.rules.scores import Score


@dataclass(frozen=True, slots=True)
class Cost:
    """An invoice line that answers no request yet."""

    ref: int
    amount: Decimal
    vendor: int
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Commitment:
    """A line of an approved request, and what is left of it. `vendor` 0: the request names none."""

    ref: int
    number: str
    remaining: Decimal
    vendor: int


def by_number(costs: Sequence[Cost], commitments: Sequence[Commitment]) -> Pairing[int, int]:
    """Pair lines with the request that the invoice names: the only one for the only line, or exact amounts, unique both ways.

    A cost above what is left is never sure: a person decides whether it is spent beyond the commitment.
    """
    named = [(cost, each) for cost in costs for each in commitments if each.number in cost.numbers and _may_be_for(cost, each)]
    if len({cost.ref for cost, _ in named}) == 1 and len({each.ref for _, each in named}) == 1:
        cost, each = named[0]
        pair = ((cost.ref, each.ref),)
        return Pairing(pair, ()) if 0 < cost.amount <= each.remaining else Pairing((), pair)
    exact = unique_both_ways((cost.ref, each.ref) for cost, each in named if cost.amount == each.remaining)
    taken = {ref for ref, _ in exact.sure}
    return Pairing(exact.sure, tuple((cost.ref, each.ref) for cost, each in named if cost.ref not in taken))


def by_amount(costs: Sequence[Cost], commitments: Sequence[Commitment]) -> Pairing[int, int]:
    """Pair lines with requests of the same vendor and exactly the same amount, unique both ways."""
    return unique_both_ways(
        (cost.ref, each.ref)
        for cost in costs
        for each in commitments
        if each.vendor == cost.vendor and cost.amount == each.remaining
    )


def likely(costs: Sequence[Cost], commitments: Sequence[Commitment]) -> Iterator[tuple[int, int, Score]]:
    """Yield what a person may want to look at: the named request, the same vendor, an amount that fits."""
    for cost in costs:
        for each in commitments:
            found = _score(cost, each)
            if found.points >= 40:
                yield cost.ref, each.ref, found


def _score(cost: Cost, commitment: Commitment) -> Score:
    parts: list[tuple[int, str]] = []
    if commitment.number in cost.numbers:
        parts.append((45, f"The invoice names {commitment.number}."))
    if commitment.vendor == cost.vendor:
        parts.append((25, "The vendor is the same."))
    if cost.amount == commitment.remaining:
        parts.append((30, "The amount is exactly what is left of the commitment."))
    elif 0 < cost.amount < commitment.remaining:
        parts.append((15, f"The amount fits: {commitment.remaining - cost.amount:,} of the commitment would be left."))
    elif cost.amount > commitment.remaining:
        parts.append((5, f"The amount is {cost.amount - commitment.remaining:,} above what is left of the commitment."))
    parts.sort(key=lambda part: -part[0])
    return Score(min(100, sum(points for points, _ in parts)), tuple(reason for _, reason in parts))


def _may_be_for(cost: Cost, commitment: Commitment) -> bool:
    return commitment.vendor in (0, cost.vendor)
