"""What only reports draw: charts, bars in cells, and the ways from a figure to its entries."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from core.templatetags.figures import status
from reporting.rules import charts, wording
from reporting.rules.charts.bridge import Step
from reporting.rules.charts.months import unit_for
from reporting.rules.figures import Figures, MonthFigures, Row
from reporting.rules.rag import TONES, WORDS, Status

register = template.Library()


def _svg(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308  the chart rules escape every text they are given


@register.simple_tag
def variance_bar(row: Row, widest: Decimal) -> SafeString:
    """Draw a row's variance on the table's scale."""
    return _svg(charts.variance_bar(row.figures.variance, widest))


@register.simple_tag
def percent_pin(row: Row, widest: Decimal) -> SafeString:
    """Draw a row's variance in per cent on the table's scale."""
    return _svg(charts.percent_pin(row.figures.percent, widest))


@register.simple_tag
def held_bar(figures: Figures) -> SafeString:
    """Draw what is spent, committed and reserved within the plan."""
    return _svg(charts.held_bar(figures.plan_total, figures.actual_total, figures.committed, figures.reserved))


@register.simple_tag
def bridge_bar(step: Step, is_sum: bool = False) -> SafeString:
    """Draw a step of a bridge."""
    return _svg(charts.bridge_bar(step, is_sum=is_sum))


@register.simple_tag
def bridge_start(step: Step) -> SafeString:
    """Draw the reference line of a bridge."""
    return _svg(charts.bridge_bar(Step(Decimal(0), Decimal(0), step.low, step.high)))


@register.simple_tag
def month_chart(months: tuple[MonthFigures, ...], name: str, title: str) -> SafeString:
    """Draw plan and actual by month. `name` must be unique in the page."""
    return _svg(charts.month_chart(months, name=f"months-{name}", title=title))


@register.filter
def chart_unit(months: tuple[MonthFigures, ...]) -> str:
    """Return the unit of a month chart with a space before it: ' thousand', ' million' or nothing."""
    name = unit_for(charts.month_window(months))[2]
    return f" {name}" if name else ""


@register.filter
def chart_span(months: tuple[MonthFigures, ...]) -> str:
    """Say which months a chart shows, where it does not show all."""
    shown = charts.month_window(months)
    return "" if len(shown) == len(months) else wording.span(shown[0].month, shown[-1].month)


@register.filter
def has_plan_ahead(months: tuple[MonthFigures, ...]) -> bool:
    """Say whether a month after the one reported is in the budget."""
    return any(each.actual is None for each in months)


@register.filter
def impact(amount: Decimal | None) -> str:
    """Return the class of a variance: costing more is bad, nothing is grey."""
    if not amount:
        return "muted"
    return "bad" if amount > 0 else "good"


@register.filter
def pct(value: Decimal | None) -> str:
    """Write a variance in per cent without the mark; blank where nothing was planned."""
    return wording.percent(value)


@register.filter
def plain_pct(value: Decimal | None) -> str:
    """Write a share in per cent without sign and mark."""
    return wording.percent(value, sign=False)


@register.filter
def over_or_under(variance: Decimal) -> str:
    """Write '6,024.15 over plan'."""
    return wording.over_or_under(variance)


@register.filter
def rag(value: Status | None) -> SafeString:
    """Write a status as shape and word; nothing where a row bears none."""
    return SafeString("") if value is None else status(TONES[value], WORDS[value])


@register.filter
def in_groups(digest: str) -> str:
    """Write a hash in groups of eight, to be compared by eye."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


@register.filter
def in_words(month: Any) -> str:
    """Write a month as October 2026."""
    return wording.month_name(month)


@register.simple_tag(takes_context=True)
def row_url(context: Context, row: Row) -> str:
    """Return the way from a row to what it is made of: a category to its page, a line to its entries."""
    report = context["report"]
    if row.thresholded and row.category:
        return category_url(context, row.category)
    until = f"{report.month:%Y-%m}"
    if row.account:
        return entries_url(context, account=str(row.account), until=until)
    return entries_url(context, cost_centre=row.cost_centre, until=until) if row.cost_centre else ""


@register.simple_tag(takes_context=True)
def category_url(context: Context, code: str) -> str:
    """Return the address of a category's page for the month of the report."""
    report = context["report"]
    path = reverse("reporting:category", args=[report.budget.code, code])
    return f"{context.get('base_url', '')}{path}?month={report.month:%Y-%m}"


@register.simple_tag(takes_context=True)
def entries_url(context: Context, **filters: str) -> str:
    """Return the address of the budget's entries, filtered."""
    path = reverse("budgets:entries", args=[context["report"].budget.code])
    query = urlencode({name: value for name, value in filters.items() if value})
    return f"{context.get('base_url', '')}{path}{'?' + query if query else ''}"


@register.simple_tag(takes_context=True)
def request_url(context: Context, number: str) -> str:
    """Return the address of a request."""
    return f"{context.get('base_url', '')}{reverse('approvals:request', args=[number])}"


@register.simple_tag(takes_context=True)
def report_url(context: Context, name: str = "budget") -> str:
    """Return the address of the budget's report, or of its one page, for the month of the report."""
    report = context["report"]
    return f"{context.get('base_url', '')}{reverse(f'reporting:{name}', args=[report.budget.code])}?month={report.month:%Y-%m}"


@register.simple_tag(takes_context=True)
def tile_url(context: Context, leads_to: str) -> str:
    """Return what a number of the executive page leads to."""
    month = f"{context['report'].month:%Y-%m}"
    if leads_to == "spent":
        return entries_url(context, bucket="spent", until=month)
    if leads_to == "promised":
        return entries_url(context, bucket="committed")
    return entries_url(context) if leads_to == "entries" else report_url(context)
