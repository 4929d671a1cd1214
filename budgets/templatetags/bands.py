"""How bands are drawn and figures in them judged on a page."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from budgets.rules.band_drawing import drawing_of
from budgets.rules.bands import Band, Course, Place
from budgets.selectors.bands import Against, Standing
from core.templatetags.figures import GAP, money, signed, status

register = template.Library()

PLACES = {Place.ABOVE: "bad", Place.BUFFER: "watch"}
COURSES = {Course.REACHED: "good", Course.ON_TRACK: "good", Course.BEHIND: "watch", Course.MISSED: "bad"}
WORDS = {Course.UNKNOWN: "nothing spent yet"}


@register.filter
def ends(band: Band | None) -> str:
    """Write a band: "430.00 to 540.00", one figure where both ends are the same."""
    if band is None:
        return "–"
    return money(band.low) if band.low == band.high else f"{money(band.low)} to {money(band.high)}"


@register.filter
def shares(band: Band) -> str:
    """Write shares in per cent: "10 to 15 %"."""
    low, high = (f"{share.normalize():f}" for share in (band.low, band.high))
    return f"{low}{GAP}%" if low == high else f"{low} to {high}{GAP}%"


@register.simple_tag
def said(stated: Band | str | None, *, in_pct: bool) -> str:
    """Write what a band says: its ends as amounts or as shares, words as they stand, nothing where it says nothing."""
    if stated is None or isinstance(stated, str):
        return stated or ""
    return shares(stated) if in_pct else ends(stated)


@register.filter
def gap(band: Band) -> str:
    """Write by how much two bands differ: "+80.00 and +90.00", one figure where both ends differ alike."""
    return signed(band.low) if band.low == band.high else f"{signed(band.low)} and {signed(band.high)}"


@register.simple_tag
def place(where: Place) -> SafeString:
    """Say where a figure lies: above a band is bad, in its buffer worth a look."""
    return status(PLACES.get(where, ""), where.value)


@register.simple_tag
def course(how: Course) -> SafeString:
    """Say how a target stands."""
    return status(COURSES.get(how, "hold"), WORDS.get(how, how.value).capitalize())


@register.inclusion_tag("budgets/_band_bar.html")
def band_bar(band: Band, against: Against, stand: Standing, buffered: Band | None = None) -> dict[str, Any]:
    """Draw a band with what lies in it, on the scale of the page."""
    plan, spent, expected = against.plan.amount, against.spent.amount, against.expected.amount
    drawn = drawing_of(band, plan=plan, spent=spent, expected=expected, widest=widest(stand), buffered=buffered)
    words = f"Band {ends(band)}; allotted {money(plan)}, {against.plan.place}; spent {money(spent)}, {against.spent.place}."
    return {"drawn": drawn, "words": words}


def widest(stand: Standing) -> Decimal:
    """Return the largest figure that is drawn on the page."""
    tops = [
        max(row.buffered.high if row.buffered else row.sum.high, row.figures.allotted, row.figures.held) for row in stand.rows
    ]
    return max(tops, default=Decimal(0))
