"""How figures, dates and states are written."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from core import clock
from core.templatetags import figures

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load figures %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal(1234), "1,234.00"),
        (Decimal("-1234.5"), "\u22121,234.50"),
        (Decimal(0), "0.00"),
        (Decimal("-0.004"), "0.00"),
        (Decimal("999999999999999.99"), "999,999,999,999,999.99"),
        (Decimal("0.005"), "0.01"),
        (12, "12.00"),
        ("7.36", "7.36"),
        (None, "not known"),
        ("", "not known"),
        (Decimal("NaN"), "not known"),
    ],
)
def test_money_has_separators_two_decimals_and_a_true_minus(amount: object, text: str) -> None:
    assert figures.money(amount) == text


def test_money_follows_the_decimals_of_its_currency() -> None:
    assert figures.money(Decimal("1234.00"), "JPY") == "1,234"
    assert figures.money(Decimal("1234.5"), "USD") == "1,234.50"
    assert figures.money(Decimal("1.2345"), "KWD") == "1.235"


@pytest.mark.parametrize(
    ("amount", "text"), [("6024.15", "+6,024.15"), ("-1200", "\u22121,200.00"), ("0", "0.00"), ("0.001", "0.00")]
)
def test_a_difference_always_says_its_sign_save_zero(amount: str, text: str) -> None:
    assert figures.signed(Decimal(amount)) == text


def test_large_figures_are_thousands_with_one_decimal() -> None:
    assert figures.kilo(Decimal(1014000)) == "1,014.0\u00a0k"
    assert figures.signed_kilo(Decimal(14000)) == "+14.0\u00a0k"
    assert figures.kilo_figure(Decimal("630024.15")) == '630.0<span class="unit"> k</span>'
    assert figures.kilo(None) == "not known"
    assert "not known" in figures.kilo_figure(None)


def test_per_cent_and_counts() -> None:
    assert figures.percent(Decimal("12.34")) == "12.3\u00a0%"
    assert figures.signed_percent(Decimal("-10.94")) == "\u221210.9\u00a0%"
    assert figures.count(3104) == "3,104"
    assert figures.plural(1, "request,requests") == "1\u00a0request"
    assert figures.plural(2013, "request,requests") == "2,013\u00a0requests"


def test_dates_are_written_out() -> None:
    with clock.at(NOON):
        assert figures.day(date(2026, 11, 5)) == "Thu 5 Nov 2026"
        assert figures.short_day(date(2026, 11, 9)) == "Mon 9 Nov"
        assert figures.short_day(date(2025, 11, 9)) == "Sun 9 Nov 2025"
        assert figures.month(date(2026, 11, 1)) == "Nov 2026"
        assert figures.long_month(date(2026, 11, 1)) == "November 2026"
        assert figures.month_key(date(2026, 11, 1)) == "2026-11"
        assert figures.day(None) == figures.month(None) == "not known"


def test_a_moment_is_shown_in_the_zone_of_the_viewer() -> None:
    late = datetime(2026, 11, 4, 23, 30, tzinfo=UTC)
    with clock.at(NOON), timezone.override(ZoneInfo("Europe/Amsterdam")):
        assert ">Today, 00:30<" in figures.moment(late)
        assert 'datetime="2026-11-05T00:30:00+01:00"' in figures.moment(late)
    with clock.at(NOON), timezone.override(ZoneInfo("America/New_York")):
        assert ">Wed 4 Nov 2026, 18:30<" in figures.moment(late)
        assert ">Wed 4 Nov, 18:30<" in figures.short_moment(late)


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (timedelta(days=1, hours=4), "Due in 1\u00a0d 4\u00a0h"),
        (timedelta(hours=3, minutes=10), "Due in 3\u00a0h 10\u00a0min"),
        (timedelta(seconds=30), "Due in under 1 min"),
        (timedelta(hours=-2, minutes=-5), "Overdue 2\u00a0h 5\u00a0min"),
    ],
)
def test_a_clock_says_its_two_largest_units(after: timedelta, text: str) -> None:
    with clock.at(NOON):
        assert figures.due_in(NOON + after) == text


def test_a_due_time_is_marked_only_where_it_is_unusual() -> None:
    with clock.at(NOON):
        assert 'class="status bad"' in figures.due(NOON - timedelta(hours=1))
        assert 'class="status watch"' in figures.due(NOON + timedelta(hours=3))
        assert figures.due(NOON + timedelta(days=2)) == '<span class="status">Due in 2\u00a0d</span>'
        assert figures.due(None) == '<span class="status">No due time</span>'


@pytest.mark.parametrize("kind", ["good", "watch", "bad", "hold"])
def test_a_state_is_shape_word_and_colour(kind: str) -> None:
    html = figures.status(kind, "On <track>")
    assert "<svg" in html
    assert 'aria-hidden="true"' in html
    assert "On &lt;track&gt;" in html
    assert figures.mark("unknown") == ""


def test_sizes() -> None:
    assert [figures.size(n) for n in (512, 3400, 12_000_000, 5_000_000_000)] == [
        "512\u00a0B",
        "3.4\u00a0kB",
        "12.0\u00a0MB",
        "5.0\u00a0GB",
    ]


def test_freshness_says_state_moment_and_sources() -> None:
    fresh = SimpleNamespace(state="preliminary", as_of=NOON, sources=[("bank file", NOON), ("ERP export", None)])
    with clock.at(NOON):
        html = rendered("{% freshness f %}", f=fresh)
    assert "Preliminary" in html
    assert "today, 12:00" in html
    assert "bank file" in html
    assert "Final" in rendered("{% freshness f %}", f=SimpleNamespace(state="final", as_of=NOON, sources=[]))


def test_the_pager_keeps_the_filters_of_the_address() -> None:
    page = Paginator(range(120), 50).page(2)
    request = RequestFactory().get("/x/", {"bucket": "spent", "page": "2"})
    html = rendered("{% pager page %}", page=page, request=request)
    assert "51 to 100 of 120" in html
    assert "?bucket=spent&amp;page=1" in html
    assert "?bucket=spent&amp;page=3" in html


class Ask(forms.Form):
    title = forms.CharField(help_text="The approver reads this first.")
    note = forms.CharField(required=False)
    sure = forms.BooleanField()


def test_a_field_ties_label_hint_and_error_to_its_input() -> None:
    html = rendered('{% field form.title "w4" hx_get="/x/" %}', form=Ask({}))
    assert '<label for="id_title">Title</label>' in html
    assert 'class="input"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_title_error id_title_hint"' in html
    assert 'hx-get="/x/"' in html
    assert 'class="field w4"' in html
    assert "This field is required." in html


def test_an_optional_field_says_so_and_a_tick_stands_in_its_label() -> None:
    assert "(optional)" in rendered("{% field form.note %}", form=Ask())
    assert 'class="field check"' in rendered("{% field form.sure %}", form=Ask())


def test_typed_text_stays_and_is_escaped() -> None:
    html = rendered("{% field form.title %}", form=Ask({"title": '"><script>alert(1)</script>'}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("value", "written"),
    [("1.0842000000", "1.0842"), ("1", "1.0000"), ("0.0067125", "0.0067125"), ("12345.5", "12,345.5000"), (None, "not known")],
)
def test_rates(value: str | None, written: str) -> None:
    assert figures.rate(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("0.1", "10\u00a0%"), ("0.0250", "2.5\u00a0%"), ("0", "0\u00a0%"), ("10", "1,000\u00a0%"), (None, "not known")],
)
def test_shares(value: str | None, written: str) -> None:
    assert figures.share(value) == written
