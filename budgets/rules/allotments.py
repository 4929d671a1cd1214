"""What a budget allots: never more than an envelope holds, never more than the total.

Where the parts of an envelope ask for more than it holds, each gets its share in proportion; where they ask for less, the
rest is allotted at the budget's own cost centre, to be planned later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from budgets.rules.phasing import even, weighted
from core.money import split

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A line as planned: its months add up to its amount."""

    name: str
    cost_centre: str
    months: Mapping[date, Decimal]

    @property
    def amount(self) -> Decimal:
        return sum(self.months.values(), ZERO)


@dataclass(frozen=True, slots=True)
class PlannedEnvelope:
    """A category's envelope with its lines and the envelopes inside it."""

    category: str
    amount: Decimal
    lines: Sequence[PlannedLine] = ()
    inner: Sequence["PlannedEnvelope"] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Allotment:
    """An amount for a cost centre and a category, by month. `line` is the name of the line, or blank for an envelope's rest."""

    cost_centre: str
    category: str
    line: str
    months: Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all allotments of a budget share: its own cost centre, its span of months, its currency."""

    cost_centre: str
    first: date
    last: date
    currency: str


def allot(total: Decimal, envelopes: Sequence[PlannedEnvelope], frame: Frame) -> list[Allotment]:
    """Return what a budget allots. Their sum is the total or, where the envelopes come to less, theirs."""
    granted = _granted(total, [envelope.amount for envelope in envelopes], frame.currency)
    pairs = zip(envelopes, granted, strict=True)
    return [allotment for envelope, amount in pairs for allotment in _in_envelope(envelope, amount, frame)]


def _granted(whole: Decimal, wanted: Sequence[Decimal], currency: str) -> list[Decimal]:
    if sum(wanted, ZERO) <= whole:
        return list(wanted)
    return split(whole, wanted, currency=currency)


def _in_envelope(envelope: PlannedEnvelope, amount: Decimal, frame: Frame) -> list[Allotment]:
    wanted = [line.amount for line in envelope.lines] + [inner.amount for inner in envelope.inner]
    granted = _granted(amount, wanted, frame.currency)
    count = len(envelope.lines)
    found = [_line(envelope, *pair, frame) for pair in zip(envelope.lines, granted[:count], strict=True)]
    for inner, part in zip(envelope.inner, granted[count:], strict=True):
        found += _in_envelope(inner, part, frame)
    if rest := amount - sum(granted, ZERO):
        months = even(rest, frame.first, frame.last, currency=frame.currency)
        found.append(Allotment(frame.cost_centre, envelope.category, "", months))
    return found


def _line(envelope: PlannedEnvelope, line: PlannedLine, granted: Decimal, frame: Frame) -> Allotment:
    months = line.months
    if granted != line.amount:
        months = weighted(granted, list(months), list(months.values()), currency=frame.currency)
    return Allotment(line.cost_centre, envelope.category, line.name, months)
