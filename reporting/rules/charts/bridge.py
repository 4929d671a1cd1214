"""From plan to actual, cause by cause. A bridge starts at the reference line, which is the plan."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise

from reporting.rules.charts.svg import ACTUAL, bar, by_impact, in_cell, line

WIDTH = 240
ROOM = 228


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bridge: it goes from `start` to `end`, both measured from the reference."""

    start: Decimal
    end: Decimal
    low: Decimal
    high: Decimal

    def x(self, value: Decimal) -> Decimal:
        """Return where a distance from the reference lies on the picture."""
        reach = self.high - self.low
        return 6 + (value - self.low) * ROOM / reach if reach else Decimal(6)


def bridge_steps(changes: list[Decimal]) -> list[Step]:
    """Return a step per change and a last one from the reference to the end, on one scale."""
    ends = list(accumulate(changes, initial=Decimal(0)))
    low, high = min(ends), max(ends)
    steps = [Step(start, end, low, high) for start, end in pairwise(ends)]
    return [*steps, Step(Decimal(0), ends[-1], low, high)]


def bridge_bar(step: Step | None, *, is_sum: bool = False) -> str:
    """Draw one step, or the reference line alone where there is none."""
    if step is None:
        return in_cell("bridge-bar", WIDTH, "")
    left, right = sorted((step.x(step.start), step.x(step.end)))
    kind, colour = ("actual", ACTUAL) if is_sum else by_impact(step.end - step.start)
    marks = bar(kind, left, 4, right - left, 12, colour) if right > left else ""
    tail = "" if is_sum else line("thin", f"M{step.x(step.end):.1f} 4V20")
    return in_cell("bridge-bar", WIDTH, line("axis", f"M{step.x(Decimal(0)):.1f} 0V20") + marks + tail)
