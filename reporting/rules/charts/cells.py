"""Bars that stand in a table's cells, beside the figure they draw. All bars of a table share one scale."""

from decimal import Decimal

from reporting.rules.charts.svg import ACTUAL, COMMITTED, EDGE, RESERVED, bar, by_impact, in_cell, line

HALF = 56
PIN_HALF = 34


def variance_bar(variance: Decimal, widest: Decimal) -> str:
    """Draw a variance from the upright zero line; `widest` is the table's largest |variance|."""
    length = abs(variance) * HALF / widest if widest else Decimal(0)
    kind, colour = by_impact(variance)
    start = 60 if variance > 0 else 60 - length
    mark = bar(kind, start, 5, length, 10, colour) if length else ""
    return in_cell("var-bar", 120, mark + line("axis", "M60.0 0V20"))


def percent_pin(value: Decimal | None, widest: Decimal) -> str:
    """Draw a variance in per cent as a pin; one beyond the scale ends at its edge."""
    if value is None:
        return ""
    reach = min(abs(value), widest) * PIN_HALF / widest if widest else Decimal(0)
    tip = 40 + (reach if value > 0 else -reach)
    kind, colour = by_impact(value)
    pin = line("thin", f"M40.0 10H{tip:.1f}") + bar(kind, tip - 3, 7, 6, 6, colour) if value else ""
    return in_cell("pin-bar", 80, pin + line("axis", "M40.0 0V20"))


def held_bar(plan: Decimal, spent: Decimal, committed: Decimal, reserved: Decimal) -> str:
    """Draw what is spent, committed and reserved within the plan; the outline is the plan."""
    whole = max(plan, spent + committed + reserved)
    if whole <= 0:
        return ""
    marks, at = [], Decimal(0)
    parts = (("actual", spent, ACTUAL), ("committed", committed, COMMITTED), ("reserved", reserved, RESERVED))
    for kind, amount, colour in parts:
        width = max(amount, Decimal(0)) * 200 / whole
        marks.append(bar(kind, at, 6, width, 8, colour) if width else "")
        at += width
    return in_cell("bridge-bar", 200, "".join(marks) + bar("free", Decimal("0.5"), 6, plan * 199 / whole, 8, "none", EDGE))
