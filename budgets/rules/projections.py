"""What a cost comes to at a horizon: grown by one share, lowered by another, with a buffer on the sum. Pure.

Each step is rounded by a rule that is stated beside it (`down to 1`, `half up to 10`), since order and rounding decide the figure
that people compare. Amounts are in the projection's currency, a month; shares are in per cent and applied unrounded.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from core.errors import InvalidInput

_WAYS = {"down": ROUND_DOWN, "half up": ROUND_HALF_UP, "up": ROUND_UP}
_UNITS = ("0.01", "1", "10", "100", "1000")
ROUNDINGS = tuple(f"{way} to {unit}" for unit in _UNITS for way in _WAYS)
_RULE = re.compile(rf"({'|'.join(_WAYS)}) to ({'|'.join(re.escape(unit) for unit in _UNITS)})")
HUNDRED = Decimal(100)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rounding:
    """How each step is rounded. The defaults are those of a monthly infrastructure budget in whole dollars."""

    grown: str = "down to 1"
    lowered: str = "half up to 1"
    only_grown: str = "down to 1"
    recommended: str = "half up to 10"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the cost: what it is now, by how much it grows, and by how much it is then lowered. None means not at all."""

    name: str
    base: Decimal
    growth_pct: Decimal | None = None
    reduction_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProjectedPart:
    """A part at the horizon. `grown` is before the reduction."""

    part: Part
    grown: Decimal
    projected: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a projection comes to."""

    parts: tuple[ProjectedPart, ...] = field(default=())
    total: Decimal = Decimal(0)
    recommended: Decimal = Decimal(0)


def rounded(amount: Decimal, rule: str) -> Decimal:
    """Return `amount` rounded as `rule` says, with two decimals. Raises InvalidInput where the rule is not known."""
    found = _RULE.fullmatch(rule)
    if found is None:
        raise InvalidInput(f"“{rule[:40]}” is no rule of rounding.", remedy="Say it as “half up to 10”.", code="rounding")
    unit = Decimal(found[2])
    return ((amount / unit).quantize(Decimal(1), rounding=_WAYS[found[1]]) * unit).quantize(CENT)


def project(parts: Sequence[Part], *, buffer_pct: Decimal, rounding: Rounding) -> Outcome:
    """Return each part at the horizon, their sum, and the budget that is recommended: the sum with its buffer."""
    projected = tuple(_projected(part, rounding) for part in parts)
    total = sum((each.projected for each in projected), Decimal(0))
    return Outcome(projected, total, rounded(total * (1 + buffer_pct / HUNDRED), rounding.recommended))


def _projected(part: Part, rounding: Rounding) -> ProjectedPart:
    """Grow a part, then lower it. What is not lowered is rounded once, and what does not change at all never."""
    grown = part.base * (1 + (part.growth_pct or 0) / HUNDRED)
    if part.reduction_pct is None:
        once = part.base.quantize(CENT) if part.growth_pct is None else rounded(grown, rounding.only_grown)
        return ProjectedPart(part, once, once)
    first = part.base.quantize(CENT) if part.growth_pct is None else rounded(grown, rounding.grown)
    return ProjectedPart(part, first, rounded(first * (1 - part.reduction_pct / HUNDRED), rounding.lowered))
