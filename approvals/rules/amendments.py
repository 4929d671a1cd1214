"""How large a change of a budget is, by a policy's shares. Pure; shares are compared unrounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from approvals.rules.document import AmendmentsPart

MINOR, MAJOR = "minor", "major"
HUNDRED = Decimal(100)
SHOWN = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """What a category had and would have, in the budget's currency."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def by(self) -> Decimal:
        """By how much it differs, whichever way."""
        return abs(self.after - self.before)


@dataclass(frozen=True, slots=True)
class Sized:
    """The size of a change, the category that makes it that large, and why. `share` is in per cent, cut off; None of nothing."""

    size: str
    share: Decimal | None
    why: str


def sized(changes: Iterable[CategoryChange], part: AmendmentsPart) -> Sized:
    """Return the size of the category that changes most: any change of one that had nothing is more than any share."""
    changed = [change for change in changes if change.by]
    if not changed:
        return Sized(MINOR, Decimal(0), "No category comes to more or less than before.")
    new = [change for change in changed if not change.before]
    if new:
        return Sized(MAJOR, None, f"{new[0].name} had nothing before.")
    largest = max(changed, key=lambda change: change.by / change.before)
    share = (largest.by * HUNDRED / largest.before).quantize(SHOWN, ROUND_DOWN)
    said = f"{largest.name} changes by {share.normalize():f} % of its {largest.before:,.2f}"
    size = size_of(largest.by, largest.before, part)
    if size is not None:
        return Sized(size, share, f"{said}.")
    assert part.between is not None
    return Sized(part.between, share, f"{said}, which is neither minor nor major by the policy and is treated as {part.between}.")


def size_of(by: Decimal, before: Decimal, part: AmendmentsPart) -> str | None:
    """Return the size of one category's change by the bounds; None where it is neither. Held against each other as products."""
    upper, lower = part.bounds
    share, top, bottom = by * HUNDRED, upper * before, lower * before
    if share < top or (share == top and part.minor.up_to_pct is not None):
        return MINOR
    if share > bottom or (share == bottom and part.major.from_pct is not None):
        return MAJOR
    return None


def gap_sentence(part: AmendmentsPart | None) -> str:
    """Say which shares are neither minor nor major, and as what they are treated; empty where there are none."""
    if part is None or not part.has_gap:
        return ""
    said = f"An amendment by {part.gap_words} of a category is neither minor nor major by the shares that are stated"
    return f"{said}; it is treated as {part.between}."
