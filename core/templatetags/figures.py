"""How figures, dates and states are written on a page, in one place, so that no two pages write them differently.

Filters give plain text; tags give markup. Every moment is shown in the viewer's zone, which the viewer middleware activates.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock

register = template.Library()

MINUS = "\u2212"
GAP = "\u00a0"
UNKNOWN = "not known"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WATCH_WITHIN = timedelta(hours=4)

# Shape, class and paper colour: status is never colour alone, and paper knows no style sheet for SVG.
MARKS: dict[str, tuple[str, SafeString]] = {
    "good": ("#14694a", SafeString('<circle cx="5" cy="5" r="4.5"/>')),
    "watch": ("#855600", SafeString('<path d="M5 .5 9.8 9.5H.2z"/>')),
    "bad": ("#ae261c", SafeString('<path d="M5 0l5 5-5 5-5-5z"/>')),
    "hold": ("#525a65", SafeString('<rect x="1" y="4" width="8" height="2"/>')),
}
HALF_DISC = SafeString(
    '<circle cx="5" cy="5" r="4.2" class="c-outline" fill="none" stroke="#3a434f" stroke-width="1.2"/>'
    '<path d="M5 .8a4.2 4.2 0 0 1 0 8.4z" class="c-hatch" fill="#3a434f"/>'
)
FULL_DISC = SafeString('<circle cx="5" cy="5" r="4.5" class="c-hatch" fill="#3a434f"/>')


def _decimal(value: Any) -> Decimal | None:
    """Return the figure as a finite decimal, or None where it is not known."""
    if value is None or value == "":
        return None
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number if number.is_finite() else None


def _grouped(number: Decimal, places: int) -> str:
    """Write a figure with commas and `places` decimals; what rounds to zero has no sign."""
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    return f"{MINUS}{text}" if rounded < 0 else text


def _signed(number: Decimal, places: int) -> str:
    text = _grouped(number, places)
    return f"+{text}" if number > 0 and any(digit in "123456789" for digit in text) else text


def _places(currency: str) -> int:
    return get_currency_precision(currency) if currency else 2


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """Write an amount with separators and the currency's decimals (two without one): "−1,234.00". None is "not known"."""
    number = _decimal(amount)
    return UNKNOWN if number is None else _grouped(number, _places(currency))


@register.filter
def signed(amount: Any, currency: str = "") -> str:
    """Write a difference: always with its sign, save zero. "+1,234.00", "−5.00", "0.00"."""
    number = _decimal(amount)
    return UNKNOWN if number is None else _signed(number, _places(currency))


@register.filter
def kilo(amount: Any) -> str:
    """Write a large amount in thousands with one decimal and its unit: "1,014.0 k"."""
    number = _decimal(amount)
    return UNKNOWN if number is None else f"{_grouped(number / 1000, 1)}{GAP}k"


@register.filter
def signed_kilo(amount: Any) -> str:
    """Write a large difference in thousands: "+14.0 k"."""
    number = _decimal(amount)
    return UNKNOWN if number is None else f"{_signed(number / 1000, 1)}{GAP}k"


@register.filter
def kilo_figure(amount: Any) -> SafeString:
    """Write a large amount for `.figure .value`: the figure, its unit small beside it."""
    number = _decimal(amount)
    if number is None:
        return format_html('<span class="unit">{}</span>', UNKNOWN)
    return format_html('{}<span class="unit"> k</span>', _grouped(number / 1000, 1))


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """Write a figure that is already in per cent: "12.5 %"."""
    number = _decimal(value)
    return UNKNOWN if number is None else f"{_grouped(number, places)}{GAP}%"


@register.filter
def signed_percent(value: Any, places: int = 1) -> str:
    """Write a difference that is already in per cent: "+1.4 %"."""
    number = _decimal(value)
    return UNKNOWN if number is None else f"{_signed(number, places)}{GAP}%"


@register.filter
def achieved(value: Any) -> str:
    """Write actual in per cent of budget, "86.67 %"; a budget of zero has none, and that is said."""
    number = _decimal(value)
    return "budget of zero" if number is None else f"{_grouped(number, 2)}{GAP}%"


@register.filter
def share(value: Any) -> str:
    """Write a share as per cent, without needless zeros: 0.1 as "10 %", 0.025 as "2.5 %"."""
    number = _decimal(value)
    if number is None:
        return UNKNOWN
    exact = (number * 100).normalize()
    return f"{exact:,.{max(0, -int(exact.as_tuple().exponent))}f}{GAP}%"


@register.filter
def rate(value: Any) -> str:
    """Write an exchange rate without needless zeros, four decimals at least: "1.0842", "0.0061250000" as "0.006125"."""
    number = _decimal(value)
    if number is None:
        return UNKNOWN
    exact = number.normalize()
    return f"{exact:,.{max(4, -int(exact.as_tuple().exponent))}f}"


@register.filter
def count(value: Any) -> str:
    """Write a number of things: "3,104"."""
    number = _decimal(value)
    return UNKNOWN if number is None else _grouped(number, 0)


def _as_date(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _today() -> date:
    return timezone.localtime(clock.now()).date()


def _time_tag(iso: str, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', iso, text)


def _day_text(on: date, *, with_year: bool) -> str:
    text = f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"
    return f"{text} {on.year}" if with_year else text


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date: "Thu 5 Nov 2026". None is "not known"."""
    return UNKNOWN if value is None else _day_text(_as_date(value), with_year=True)


@register.filter
def short_day(value: date | datetime | None) -> str:
    """Write a date whose year cannot be doubted: "Thu 5 Nov"; with the year where it is not this one."""
    if value is None:
        return UNKNOWN
    on = _as_date(value)
    return _day_text(on, with_year=on.year != _today().year)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Write a moment in the viewer's zone: "Thu 5 Nov 2026, 14:20", today "Today, 14:20"."""
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value)
    start = "Today" if local.date() == _today() else _day_text(local.date(), with_year=True)
    return _time_tag(local.isoformat(timespec="seconds"), f"{start}, {local:%H:%M}")


@register.filter
def said_moment(value: datetime | None) -> SafeString | str:
    """Write a moment inside a sentence: "recorded today, 14:20", "recorded Thu 5 Nov 2026, 14:20"."""
    return SafeString(str(moment(value)).replace(">Today,", ">today,"))


@register.filter
def short_moment(value: datetime | None) -> SafeString | str:
    """Write a moment without the year where it is this one: "Thu 5 Nov, 14:20"."""
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value)
    start = "Today" if local.date() == _today() else short_day(local)
    return _time_tag(local.isoformat(timespec="seconds"), f"{start}, {local:%H:%M}")


@register.filter
def month(value: date | None) -> str:
    """Write a month: "Nov 2026"."""
    return UNKNOWN if value is None else f"{MONTHS[value.month - 1]} {value.year}"


@register.filter
def long_month(value: date | None) -> str:
    """Write a month in a title: "November 2026"."""
    return UNKNOWN if value is None else f"{LONG_MONTHS[value.month - 1]} {value.year}"


@register.filter
def month_key(value: date | None) -> str:
    """Write a month for an address: "2026-11"."""
    return "" if value is None else f"{value:%Y-%m}"


@register.filter
def span(value: timedelta | None) -> str:
    """Write a length of time by its two largest units: "1 d 4 h", "3 h 10 min", "under 1 min"."""
    if value is None:
        return UNKNOWN
    minutes = int(abs(value).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number}{GAP}{unit}" for number, unit in ((days, "d"), (hours, "h"), (rest, "min")) if number]
    return " ".join(parts[:2]) if parts else "under 1 min"


@register.filter
def due_in(value: datetime | None) -> str:
    """Write how far a due moment is, by the clock on the wall: "Due in 1 d 4 h", "Overdue 2 h 5 min"."""
    if value is None:
        return "No due time"
    left = value - clock.now()
    return f"Overdue {span(left)}" if left < timedelta(0) else f"Due in {span(left)}"


@register.filter
def size(value: int | None) -> str:
    """Write a file's size: "512 B", "3.4 kB", "12.0 MB"."""
    if value is None:
        return UNKNOWN
    for limit, unit in ((1000, "B"), (1000**2, "kB"), (1000**3, "MB")):
        if value < limit:
            return f"{value}{GAP}B" if unit == "B" else f"{value / (limit / 1000):.1f}{GAP}{unit}"
    return f"{value / 1000**3:.1f}{GAP}GB"


@register.filter
def plural(number: int, forms: str) -> str:
    """Write a number with its noun: `{{ n|plural:"request,requests" }}` gives "1 request", "2,013 requests"."""
    one, many = forms.split(",")
    return f"{count(number)}{GAP}{one if number == 1 else many}"


@register.filter
def index(items: Any, position: int) -> Any:
    """Return the item of a list at a position: the heading that stands over a cell."""
    return items[position]


@register.simple_tag
def mark(kind: str) -> SafeString:
    """Draw the shape of a state: good a disc, watch a triangle, bad a diamond, hold a dash; anything else draws nothing."""
    if kind not in MARKS:
        return SafeString("")
    colour, shape = MARKS[kind]
    return format_html(
        '<svg class="mark" viewBox="0 0 10 10" width="10" height="10" fill="{}" aria-hidden="true">{}</svg>',
        colour,
        shape,
    )


@register.simple_tag
def status(kind: str, word: Any) -> SafeString:
    """Write a state as shape, word and colour. A kind without a shape gives the word alone: nothing is unusual."""
    css = {"hold": "muted"}.get(kind, kind if kind in MARKS else "")
    return format_html('<span class="status{}">{}{}</span>', f" {css}" if css else "", mark(kind), word)


@register.simple_tag
def due(value: datetime | None, words: str = "") -> SafeString:
    """Write a due moment as a state: bad when past, watch within four hours, else the word alone."""
    left = value - clock.now() if value else WATCH_WITHIN
    kind = "bad" if left < timedelta(0) else "watch" if left < WATCH_WITHIN else ""
    return status(kind, words or due_in(value))


@register.inclusion_tag("components/freshness.html")
def freshness(fresh: Any) -> dict[str, Any]:
    """Say how fresh figures are. `fresh` has state ("final" or "preliminary"), as_of and sources [(name, last moment)]."""
    final = str(fresh.state) == "final"
    disc = FULL_DISC if final else HALF_DISC
    return {"word": "Final" if final else "Preliminary", "disc": disc, "fresh": fresh}


@dataclass(frozen=True)
class PagerLink:
    """A way to another page; `query` is the address's query string without the question mark."""

    number: int
    query: str


def _pager_link(context: Context, number: int, name: str) -> PagerLink:
    query = context["request"].GET.copy()
    query[name] = str(number)
    return PagerLink(number, query.urlencode())


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any], name: str = "page") -> dict[str, Any]:
    """Say which rows are shown of how many, and lead to the pages beside; filters in the address are kept."""
    before = _pager_link(context, page.previous_page_number(), name) if page.has_previous() else None
    after = _pager_link(context, page.next_page_number(), name) if page.has_next() else None
    return {"page": page, "before": before, "after": after, "total": page.paginator.count}


def _described(bound: BoundField) -> str:
    """Return the ids that describe a field: its error first, since it is what to act on."""
    ids = [f"{bound.auto_id}_error"] if bound.errors else []
    return " ".join(ids + ([f"{bound.auto_id}_hint"] if bound.help_text else []))


def _input(bound: BoundField, extra: dict[str, Any]) -> SafeString:
    """Render a form's widget with the look's class, its description and, where it failed, `aria-invalid`."""
    own = str(bound.field.widget.attrs.get("class", ""))
    attrs: dict[str, Any] = {"class": f"input {own}".strip(), **extra}
    if described := _described(bound):
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, width: str = "", *, mark_optional: bool = True, **extra: Any) -> dict[str, Any]:
    """Write a form's field: label, input, hint, error. `width` is a class of the form grid (w2, w3, w4, wide).

    A field that may stay blank says so, unless `mark_optional` is False, as among filters. Other keyword arguments become
    attributes of the input; an underscore stands for a hyphen (`hx_get=…`).
    """
    attrs = {name.replace("_", "-"): value for name, value in extra.items()}
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        kind = "choices"
    else:
        kind = "check" if isinstance(widget, CheckboxInput) else "input"
    if kind != "input":
        attrs["class"] = ""
    optional = mark_optional and not bound.field.required
    return {"field": bound, "width": width, "kind": kind, "widget": _input(bound, attrs), "optional": optional}
