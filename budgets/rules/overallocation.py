"""What does not add up in a budget: lines above their envelope, envelopes above the total, headings that differ from sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from budgets.rules.sentences import money

OVER_ALLOCATED = "over_allocated"
HEADING_DIFFERS = "heading_differs"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A category's envelope: its amount, its lines, and what its source's heading says they come to, where it says so.

    `parent` is the code of the envelope it lies in, if any.
    """

    code: str
    name: str
    amount: Decimal
    lines: Sequence[Decimal] = ()
    stated: Decimal | None = None
    parent: str = ""

    @property
    def lines_total(self) -> Decimal:
        return sum(self.lines, ZERO)


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget as stated: the total, the envelopes, and the parts that should add up to something else."""

    total: Decimal
    envelopes: Sequence[Envelope] = ()
    parts: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not add up. `amount` is by how much, in the budget's currency; `where` names the node."""

    code: str
    where: str
    amount: Decimal
    sentence: str


def find(plan: Plan) -> list[Finding]:
    """Return everything that does not add up in a plan, in the order of its envelopes, the total last."""
    found = [finding for envelope in plan.envelopes for finding in _in_envelope(envelope, plan.envelopes)]
    found += [_part(name, *pair) for name, pair in plan.parts.items() if pair[0] != pair[1]]
    top = [envelope.amount for envelope in plan.envelopes if not envelope.parent]
    if (above := sum(top, ZERO) - plan.total) > 0:
        sentence = f"The envelopes add up to {money(plan.total + above)}; the budget is {money(plan.total)}."
        found.append(Finding(OVER_ALLOCATED, "total", above, sentence))
    return found


def _in_envelope(envelope: Envelope, envelopes: Sequence[Envelope]) -> list[Finding]:
    found = []
    within = [inner.amount for inner in envelopes if inner.parent == envelope.code]
    wanted = envelope.lines_total + sum(within, ZERO)
    if (above := wanted - envelope.amount) > 0:
        what = "The lines" if not within else "The parts"
        share = f" ({above / envelope.amount * 100:.1f} %)" if envelope.amount else ""
        sums = f"{what} of {envelope.name} add up to {money(wanted)}; it holds {money(envelope.amount)}"
        sentence = f"{sums}: {money(above)}{share} too much."
        found.append(Finding(OVER_ALLOCATED, envelope.code, above, sentence))
    if envelope.stated is not None and envelope.stated != wanted:
        found.append(_part(envelope.code, envelope.stated, wanted))
    return found


def _part(name: str, stated: Decimal, total: Decimal) -> Finding:
    sentence = f"The heading of {name} says {money(stated)}; its lines add up to {money(total)}."
    return Finding(HEADING_DIFFERS, name, abs(total - stated), sentence)
