"""Charts: well-formed, labelled, true to scale, and dead to whatever text they are given."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.rules import charts
from reporting.rules.charts.months import unit_for
from reporting.rules.figures import MonthFigures

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


def parsed(svg: str) -> Tree.Element:
    return Tree.fromstring(svg)


def months(*pairs: tuple[int, int | None]) -> tuple[MonthFigures, ...]:
    return tuple(
        MonthFigures(date(2026 + index // 12, index % 12 + 1, 1), Decimal(plan), None if actual is None else Decimal(actual))
        for index, (plan, actual) in enumerate(pairs)
    )


def marks(svg: str, css: str) -> list[Tree.Element]:
    return [each for each in parsed(svg).iter("rect") if each.get("class") == css]


def test_every_mark_has_a_class_for_the_screen_and_an_attribute_for_paper() -> None:
    svg = charts.month_chart(months((100, 90), (100, 120), (80, None)), name="all", title="Spend")
    for each in parsed(svg).iter():
        if each.tag in {"rect", "path", "text"}:
            assert each.get("class", "").startswith("c-")
            assert each.get("fill") or each.get("stroke")


def test_bars_are_in_proportion_and_start_at_zero() -> None:
    svg = charts.month_chart(months((100, 50), (200, 100)), name="all", title="Spend")
    heights = [Decimal(each.get("height") or "") for each in marks(svg, "c-actual")]
    assert heights == [Decimal("35.0"), Decimal("70.0")]
    for each in [*marks(svg, "c-actual"), *marks(svg, "c-plan")]:
        assert Decimal(each.get("y") or "") + Decimal(each.get("height") or "") == 226


def test_more_cost_is_bad_and_less_is_good() -> None:
    svg = charts.month_chart(months((100, 120), (100, 80), (100, 100)), name="all", title="Spend")
    assert len(marks(svg, "c-bad")) == len(marks(svg, "c-good")) == 1


def test_every_bar_is_labelled_and_the_words_say_the_figures() -> None:
    svg = parsed(charts.month_chart(months((100, 120), (80, None)), name="all", title="Spend"))
    assert [each.text for each in svg.iter("text")] == ["120.0", "+20.0", "Jan", "80.0", "Feb"]
    described = "".join(each.text or "" for each in svg.iter("desc"))
    assert described == "January 2026: 120.00 against a plan of 100.00. Planned ahead: February 2026 80.00."
    assert svg.get("aria-labelledby") == "all-t all-d"


def test_no_forecast_is_drawn_where_there_is_none() -> None:
    assert "pattern" not in charts.month_chart(months((100, 120), (80, None)), name="all", title="Spend")


def test_a_long_budget_shows_the_twelve_months_around_its_actuals() -> None:
    many = months(*[(10, 10)] * 15, *[(10, None)] * 9)
    shown = charts.month_window(many)
    assert len(shown) == 12
    assert shown[-1] == many[14]
    assert charts.month_window(months(*[(10, None)] * 24))[0].month == date(2026, 1, 1)


@pytest.mark.parametrize(("most", "name"), [(999, ""), (1000, "thousand"), (2_000_000, "million"), (5 * 10**9, "million")])
def test_labels_stay_short(most: int, name: str) -> None:
    assert unit_for(months((most, 0)))[2] == name


def test_hostile_text_stays_text() -> None:
    svg = charts.month_chart(months((1, 1)), name='x"><script>', title="</title><script>alert(1)</script>")
    assert "<script" not in svg
    assert parsed(svg).find("title") is not None


@given(amounts, amounts)
def test_bars_in_cells_stay_in_their_cell(variance: Decimal, other: Decimal) -> None:
    widest = max(abs(variance), abs(other))
    for svg, width in (
        (charts.variance_bar(variance, widest), 120),
        (charts.percent_pin(variance, min(widest, Decimal(100))), 80),
    ):
        for each in parsed(svg).iter("rect"):
            start, length = Decimal(each.get("x") or ""), Decimal(each.get("width") or "")
            assert start >= 0
            assert start + length <= width


@given(st.lists(amounts, min_size=1, max_size=7))
def test_a_bridge_goes_from_change_to_change_and_ends_at_their_sum(changes: list[Decimal]) -> None:
    *steps, last = charts.bridge_steps(changes)
    assert [step.end - step.start for step in steps] == changes
    assert steps[0].start == 0
    assert all(before.end == after.start for before, after in pairwise(steps))
    assert (last.start, last.end) == (Decimal(0), sum(changes, Decimal(0)))
    for step in steps:
        for each in parsed(charts.bridge_bar(step)).iter("rect"):
            assert 0 <= Decimal(each.get("x") or "") <= 240


def test_what_is_held_is_drawn_within_the_plan() -> None:
    svg = charts.held_bar(Decimal(200), Decimal(100), Decimal(50), Decimal(10))
    widths = [Decimal(marks(svg, css)[0].get("width") or "") for css in ("c-actual", "c-committed", "c-reserved")]
    assert widths == [100, 50, 10]
    assert charts.held_bar(Decimal(0), Decimal(0), Decimal(0), Decimal(0)) == ""
    assert charts.percent_pin(None, Decimal(10)) == ""
