"""From plan to actual, category by category: the largest changes, and the rest as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reporting.rules.charts.bridge import Step, bridge_steps
from reporting.rules.figures import ZERO, Report

MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """A cause with what it changed and the step it takes."""

    name: str
    category: str
    amount: Decimal
    step: Step


@dataclass(frozen=True, slots=True)
class Bridge:
    """Plan, changes and actual; the changes add up to the difference."""

    start: Decimal
    rows: Sequence[BridgeRow]
    end: Decimal
    last: Step


def bridge_of(report: Report) -> Bridge:
    """Return the way from the plan to date to the actual to date."""
    moved = [(row.name, row.category, row.figures.variance) for row in report.by_category if row.figures.variance]
    moved.sort(key=lambda each: (-abs(each[2]), each[0]))
    named, rest = moved[:MOST_STEPS], moved[MOST_STEPS:]
    if rest:
        named.append((f"{len(rest)} other categories", "", sum((each[2] for each in rest), ZERO)))
    *steps, last = bridge_steps([each[2] for each in named])
    rows = [BridgeRow(name, code, amount, step) for (name, code, amount), step in zip(named, steps, strict=True)]
    total = report.total.figures
    return Bridge(total.plan_to_date, rows, total.actual_to_date, last)
