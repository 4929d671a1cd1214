"""The bar that shows what a line holds, what this request takes, and what remains."""

from decimal import Decimal
from typing import Any

from django import template

register = template.Library()

SHADES = (("actual", "#3a434f"), ("committed", "#8a93a0"), ("reserved", "#c3c9d1"), ("this", "#24438f"))
ZERO = Decimal(0)


def segments(cap: Decimal, parts: list[tuple[str, str, Decimal]], width: Decimal) -> list[dict[str, Any]]:
    """Return rectangles from 0 rightwards; the scale is the cap, or the sum where that is more."""
    scale = max(cap, sum((amount for _, _, amount in parts), ZERO), Decimal("0.01"))
    drawn, edge = [], ZERO
    for shade, fill, amount in parts:
        if amount <= 0:
            continue
        drawn.append({"shade": shade, "fill": fill, "x": f"{edge:.1f}", "width": f"{amount / scale * width:.1f}"})
        edge += amount / scale * width
    return drawn


@register.inclusion_tag("approvals/_bar.html")
def funds_bar(
    cap: Decimal,
    wanted: Decimal,
    *,
    spent: Decimal = ZERO,
    committed: Decimal = ZERO,
    reserved: Decimal = ZERO,
    label: str = "",
    width: int = 300,
) -> dict[str, Any]:
    """Draw a budget line: spent, committed, reserved by others, this request, free. Amounts in one currency."""
    amounts = (spent, committed, reserved, wanted)
    parts = [(shade, fill, amount) for (shade, fill), amount in zip(SHADES, amounts, strict=True)]
    full = sum((max(amount, ZERO) for amount in amounts), ZERO)
    scale = max(cap, full, Decimal("0.01"))
    return {
        "width": width,
        "free": f"{max(cap, ZERO) / scale * width:.1f}",
        "parts": segments(cap, parts, Decimal(width)),
        "over": f"{(full - cap) / scale * width:.1f}" if full > cap else "",
        "over_x": f"{max(cap, ZERO) / scale * width:.1f}",
        "label": label,
    }
