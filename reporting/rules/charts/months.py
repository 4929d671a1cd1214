"""Plan and actual by month: the months below, actual less plan above on an axis of its own."""

from decimal import Decimal

from reporting.rules.charts.svg import ACTUAL, PAPER, bar, by_impact, label, line, picture
from reporting.rules.figures import ZERO, MonthFigures
from reporting.rules.wording import money, month_name, scaled, short_month

WIDTH, HEIGHT = 400, 250
BASE, TALLEST = 226, 140
MIDDLE, REACH = 38, 18
MOST = 12


def month_window(months: tuple[MonthFigures, ...]) -> tuple[MonthFigures, ...]:
    """Return at most twelve months: those that end with the last one that has an actual, and what fits after it."""
    if len(months) <= MOST:
        return months
    past = sum(1 for each in months if each.actual is not None)
    first = min(max(past - MOST, 0), len(months) - MOST)
    return months[first : first + MOST]


def unit_for(months: tuple[MonthFigures, ...]) -> tuple[Decimal, int, str]:
    """Return divisor, decimals and name of the unit in which labels stay short enough to stand over a bar."""
    most = max((max(abs(each.plan), abs(each.actual or ZERO)) for each in months), default=ZERO)
    for limit, divisor, places, name in (
        (Decimal(1000), 1, 1, ""),
        (Decimal(1_000_000), 1000, 1, "thousand"),
        (Decimal(1_000_000_000), 1_000_000, 1, "million"),
    ):
        if most < limit:
            return Decimal(divisor), places, name
    return Decimal(1_000_000), 0, "million"


def month_chart(months: tuple[MonthFigures, ...], *, name: str, title: str) -> str:
    """Draw plan and actual by month. Every bar is labelled; bars start at zero."""
    shown = month_window(months)
    unit, places, _ = unit_for(shown)
    slot = Decimal(WIDTH) / max(len(shown), 1)
    tallest = max((max(each.plan, each.actual or ZERO) for each in shown), default=ZERO) or Decimal(1)
    widest = max((abs(each.actual - each.plan) for each in shown if each.actual is not None), default=ZERO) or Decimal(1)
    marks = [_month(each, slot * index, slot, tallest, widest, unit, places) for index, each in enumerate(shown)]
    axes = line("axis", f"M0 {MIDDLE}H{WIDTH}M0 {BASE}H{WIDTH}") + _border(shown, slot)
    return picture(name, WIDTH, HEIGHT, title, description(shown), "".join(marks) + axes)


def description(months: tuple[MonthFigures, ...]) -> str:
    """Say the chart in words, month by month."""
    past = [
        f"{month_name(each.month)}: {money(each.actual)} against a plan of {money(each.plan)}"
        for each in months
        if each.actual is not None
    ]
    ahead = [f"{month_name(each.month)} {money(each.plan)}" for each in months if each.actual is None]
    return ". ".join([*past, *([f"Planned ahead: {', '.join(ahead)}"] if ahead else [])]) + "."


def _month(
    each: MonthFigures, left: Decimal, slot: Decimal, tallest: Decimal, widest: Decimal, unit: Decimal, places: int
) -> str:
    width = min(slot * Decimal("0.44"), Decimal(28))
    centre = left + slot / 2
    shift = min(width / 4, Decimal(7)) / 2
    plan = max(each.plan, ZERO) * TALLEST / tallest
    outline = bar("plan", centre - width / 2 - shift, BASE - plan, width, plan, PAPER, ACTUAL)
    foot = label("text", centre, BASE + 15, short_month(each.month))
    if each.actual is None:
        return outline + label("text-2", centre + shift, BASE - plan - 5, scaled(each.plan, unit, places)) + foot
    actual = max(each.actual, ZERO) * TALLEST / tallest
    solid = bar("actual", centre - width / 2 + shift, BASE - actual, width, actual, ACTUAL)
    head = label("text", centre + shift, BASE - max(actual, plan) - 5, scaled(each.actual, unit, places))
    return outline + solid + head + _difference(each.actual - each.plan, centre, width, widest, unit, places) + foot


def _difference(variance: Decimal, centre: Decimal, width: Decimal, widest: Decimal, unit: Decimal, places: int) -> str:
    # With its sign, a hundred and more with a decimal would run into the label beside it.
    text = scaled(variance, unit, places if widest < 100 * unit else 0, sign=True)
    if not variance:
        return label("text-2", centre, MIDDLE - 4, text)
    kind, colour = by_impact(variance)
    height = abs(variance) * REACH / widest
    thin = width * 4 / 7
    top = MIDDLE - height if variance > 0 else Decimal(MIDDLE)
    beside = MIDDLE - height - 4 if variance > 0 else MIDDLE + height + 11
    return bar(kind, centre - thin / 2, top, thin, height, colour) + label(f"text-{kind}", centre, beside, text)


def _border(months: tuple[MonthFigures, ...], slot: Decimal) -> str:
    past = sum(1 for each in months if each.actual is not None)
    if not 0 < past < len(months):
        return ""
    return line("thin", f"M{slot * past:.1f} 0V246", dashed=True)
