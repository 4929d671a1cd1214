"""The few marks that charts are made of."""

import re
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

INK = "#14181e"
INK_2 = "#525a65"
ACTUAL = "#3a434f"
COMMITTED = "#8a93a0"
RESERVED = "#c3c9d1"
EDGE = "#7d8590"
GOOD = "#14694a"
BAD = "#ae261c"
PAPER = "#fff"
FONT = "Liberation Sans, Arial, sans-serif"
TEXT_COLOURS = {"text": INK, "text-2": INK_2, "text-good": GOOD, "text-bad": BAD}


def number(value: Decimal | float) -> str:
    """Return a coordinate with one decimal and no negative zero."""
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def attributes(**values: object) -> str:
    """Return quoted attributes; `_` in a name stands for `-`, a closing `_` for nothing."""
    return "".join(f" {name.rstrip('_').replace('_', '-')}={quoteattr(str(value))}" for name, value in values.items())


def identifier(text: str) -> str:
    """Return `text` as a name that is safe in an id and in url(#…)."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def bar(
    kind: str,
    x: Decimal | float,
    y: Decimal | float,
    width: Decimal | float,
    height: Decimal | float,
    fill: str,
    stroke: str = "",
) -> str:
    """Return a rectangle of class c-`kind`."""
    place = attributes(class_=f"c-{kind}", x=number(x), y=number(y), width=number(width), height=number(height), fill=fill)
    return f"<rect{place}{attributes(stroke=stroke) if stroke else ''}/>"


def by_impact(variance: Decimal) -> tuple[str, str]:
    """Return class and colour of a variance: costing more is bad."""
    return ("bad", BAD) if variance > 0 else ("good", GOOD)


def label(kind: str, x: Decimal | float, y: Decimal | float, text: str, *, size: int = 11) -> str:
    """Return text centred at x, of class c-`kind`."""
    place = attributes(class_=f"c-{kind}", x=number(x), y=number(y), font_size=size, font_family=FONT)
    return f'<text{place} text-anchor="middle"{attributes(fill=TEXT_COLOURS[kind])}>{escape(text)}</text>'


def line(kind: str, path: str, *, dashed: bool = False) -> str:
    """Return a line along `path`: the axis, or a thin one."""
    colour = INK if kind == "axis" else EDGE
    dashes = ' stroke-dasharray="2 3"' if dashed else ""
    return f'<path class="c-{kind}" d="{path}" fill="none" stroke="{colour}"{dashes}/>'


def in_cell(css: str, width: int, body: str) -> str:
    """Return a small picture that stretches to its table cell and is silent: the figure stands beside it."""
    return (
        f'<svg class="{css}" viewBox="0 0 {width} 20" width="{width}" height="20" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{body}</svg>'
    )


def picture(name: str, width: int, height: int, title: str, description: str, body: str) -> str:
    """Return a chart with its title and description for those who hear it. `name` must be unique in the page."""
    key = identifier(name)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(description)}</desc>{body}</svg>'
    )
