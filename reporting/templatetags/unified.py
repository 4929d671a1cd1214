"""What only the unified view draws: names of systems, what an origin spent, and the ways to entries."""

from decimal import Decimal
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.figures import money
from reporting.rules.figures import ZERO
from reporting.rules.unified import SYSTEMS, Column, Origin

register = template.Library()


@register.filter
def system_name(system: str) -> str:
    """Write the name of a system."""
    return SYSTEMS.get(system, system)


@register.filter
def column_name(column: Column) -> str:
    """Write the name of a column."""
    return column.name


@register.simple_tag(takes_context=True)
def unified_figure(context: Context, amount: Decimal, **figure: Any) -> SafeString:
    """Write an amount of the view with the way to its entries; one that is nothing alone."""
    if not amount:
        return format_html('<span class="muted">{}</span>', money(amount))
    return format_html('<a href="{}">{}</a>', context["ways"].entries(**figure), money(amount))


@register.simple_tag(takes_context=True)
def unified_has(context: Context, origin: Origin) -> bool:
    """Say whether anything came from an origin, even where it comes to nothing."""
    return origin.key in context["view"].total.spent


@register.simple_tag(takes_context=True)
def unified_spent(context: Context, origin: Origin) -> SafeString:
    """Write what an origin spent, with the way to its entries, and of it what documents date in other months."""
    total, ways = context["view"].total, context["ways"]
    amount, elsewhere = total.spent.get(origin.key, ZERO), total.dated_elsewhere.get(origin.key, ZERO)
    if origin.key not in total.spent:
        return format_html('<span class="muted">{}</span>', money(amount))
    said = format_html('<a href="{}">{}</a>', ways.entries(origin=origin.key), money(amount))
    if not elsewhere:
        return said
    way = ways.entries(origin=origin.key, elsewhere="1")
    return format_html(
        '<span>{}<br><span class="note small">dated in another month <a href="{}">{}</a></span></span>',
        said,
        way,
        money(elsewhere),
    )
