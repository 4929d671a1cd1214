"""Ranges of amounts, counted in cents, so that nothing lies between two of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from approvals.rules.routing import Rule

CENT = Decimal("0.01")
SMALLEST = 1


@dataclass(frozen=True, slots=True)
class Range:
    """Amounts from `first` to `last`, both taken in, in cents; None as `last` has no end. Requests are above zero."""

    first: int
    last: int | None

    @property
    def lower(self) -> Decimal | None:
        """The smallest amount in it; None where it begins with the smallest there is."""
        return None if self.first <= SMALLEST else self.first * CENT

    @property
    def upper(self) -> Decimal | None:
        """The largest amount in it; None where it has no end."""
        return None if self.last is None else self.last * CENT

    def common(self, other: "Range") -> "Range | None":
        """Return the amounts that are in both."""
        ends = [end for end in (self.last, other.last) if end is not None]
        first, last = max(self.first, other.first), min(ends, default=None)
        return Range(first, last) if last is None or first <= last else None

    def without(self, cut: "Range") -> "list[Range]":
        """Return what lies outside `cut`, in order."""
        common = self.common(cut)
        if common is None:
            return [self]
        kept = []
        if self.first < common.first:
            kept.append(Range(self.first, common.first - 1))
        if common.last is not None and (self.last is None or common.last < self.last):
            kept.append(Range(common.last + 1, self.last))
        return kept

    def example(self) -> Decimal:
        """Return an amount in the range: its middle, else its lower end."""
        if self.last is None:
            return max(self.first, SMALLEST) * CENT
        middle = (self.first + self.last) // 2
        whole = middle - middle % 100
        return (whole if self.first <= whole else middle) * CENT


EVERYTHING = Range(SMALLEST, None)


def range_of(rule: Rule) -> Range | None:
    """Return the amounts above zero that the rule's bounds let through, or None where there are none."""
    return range_between(rule.lower, rule.upper, rule.lower_included, rule.upper_included)


def range_between(lower: Decimal | None, upper: Decimal | None, lower_included: bool, upper_included: bool) -> Range | None:
    """Return the amounts above zero between two bounds, of which None is open; None where there are no such amounts."""
    first = SMALLEST if lower is None else max(SMALLEST, _cents(lower) + (0 if lower_included else 1))
    last = None if upper is None else _cents(upper) - (0 if upper_included else 1)
    return Range(first, last) if last is None or first <= last else None


def pieces_of(ranges: Sequence[Range], whole: Range) -> list[Range]:
    """Cut `whole` at each end of `ranges` that lies in it, so that no piece lies in one of them only in part."""
    ends = {each.first for each in ranges} | {each.last + 1 for each in ranges if each.last is not None}
    inside = {end for end in ends if end > whole.first and (whole.last is None or end <= whole.last)}
    ordered = sorted({whole.first} | inside)
    return [Range(start, after - 1) for start, after in pairwise(ordered)] + [Range(ordered[-1], whole.last)]


def _cents(amount: Decimal) -> int:
    return int((amount / CENT).to_integral_value())
