"""Estimate bands: the golden environments, and what holds of any band."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.band_drawing import WIDTH, drawing_of
from budgets.rules.bands import (
    Band,
    Course,
    Place,
    TargetTerms,
    asked_by,
    first_nested,
    goal_of,
    grown,
    in_pct,
    place_of,
    share_of,
    stand_of,
    sum_of,
    unexplained,
)

with open("tests/golden/distro_nation.yaml") as file:
    GOLDEN: dict[str, Any] = yaml.safe_load(file)
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)
BANDS = st.tuples(AMOUNTS, AMOUNTS).map(lambda pair: Band(*sorted(pair)))
DIFFERENCES = {"production": Band(Decimal(80), Decimal(90)), "staging": Band(Decimal(0), Decimal(5)), "development": Band()}
JUNE = date(2025, 6, 1)
QUARTER_LESS = TargetTerms(Decimal(25), Decimal("314.54"), JUNE, date(2025, 12, 31))


def band(pair: list[int]) -> Band:
    low, high = pair
    return Band(Decimal(low), Decimal(high))


def lines_of(environment: dict[str, Any]) -> Band:
    return sum_of(band(line) for line in environment["lines"].values())


@pytest.mark.parametrize("environment", GOLDEN["environments"], ids=lambda each: str(each["name"]))
def test_the_environments_add_up_as_the_source_says_and_its_headings_do_not(environment: dict[str, Any]) -> None:
    parts = lines_of(environment)
    assert parts == band(environment["total"])
    assert unexplained(band(environment["heading"]), parts) == DIFFERENCES[environment["name"]]


def test_all_environments_together() -> None:
    parts = sum_of(lines_of(each) for each in GOLDEN["environments"])
    headings = sum_of(band(each["heading"]) for each in GOLDEN["environments"])
    assert parts == band(GOLDEN["environments_total"])
    assert headings == band(GOLDEN["expect"]["environment_headings_total"])
    assert unexplained(headings, parts) == Band(Decimal(80), Decimal(95))


def test_the_estimates_of_firebase_and_the_baseline_that_lost_its_cents() -> None:
    estimates = GOLDEN["estimates"]
    firebase = {name: band(ends) for name, ends in estimates["Firebase"].items()}
    stated = firebase.pop("stated_total")
    assert sum_of(firebase.values()) == stated == Band(Decimal(70), Decimal(230))
    others = sum_of([*firebase.values(), *(band(ends) for ends in estimates["External APIs"].values())])
    assert others == band(estimates["non_aws_total"])
    aws = Decimal(GOLDEN["bill"]["total"])
    baseline = others + Band(aws, aws)
    cents = Decimal("0.54")
    assert unexplained(band(estimates["baseline_total"]), baseline) == Band(cents, cents)


def test_the_buffer_and_the_share_of_production() -> None:
    production, staging, development = (lines_of(each) for each in GOLDEN["environments"])
    buffer = band(GOLDEN["environments"][0]["growth_buffer_pct"])
    assert grown(production, buffer, currency="USD") == Band(Decimal("473.00"), Decimal("621.00"))
    shares = band(GOLDEN["environments"][1]["share_of_production_pct"])
    comes_to = share_of(production, shares, currency="USD")
    assert comes_to == Band(Decimal("86.00"), Decimal("135.00"))
    assert unexplained(comes_to, staging) == Band(Decimal("-6.00"), Decimal("-10.00"))
    shares = band(GOLDEN["environments"][2]["share_of_production_pct"])
    assert unexplained(share_of(production, shares, currency="USD"), development) == Band(Decimal(-3), Decimal(-1))


@pytest.mark.parametrize(
    ("figure", "place"),
    [
        ("429.99", Place.BELOW),
        ("430", Place.WITHIN),
        ("540", Place.WITHIN),
        ("540.01", Place.BUFFER),
        ("621", Place.BUFFER),
        ("621.01", Place.ABOVE),
    ],
)
def test_a_figure_lies_below_within_in_the_buffer_or_above(figure: str, place: Place) -> None:
    production = Band(Decimal(430), Decimal(540))
    with_buffer = Band(Decimal(473), Decimal(621))
    assert place_of(Decimal(figure), production, with_buffer=with_buffer) == place
    without = Place.ABOVE if place == Place.BUFFER else place
    assert place_of(Decimal(figure), production) == without


def test_the_target_of_the_source_is_235_91_by_the_end_of_2025() -> None:
    assert goal_of(QUARTER_LESS, currency="USD") == Decimal("235.91")
    assert asked_by(QUARTER_LESS, date(2025, 6, 30), currency="USD") == Decimal("314.54")
    # 92 of the 184 days between have gone by.
    assert asked_by(QUARTER_LESS, date(2025, 9, 30), currency="USD") == Decimal("275.23")
    assert asked_by(QUARTER_LESS, date(2026, 3, 31), currency="USD") == Decimal("235.91")


@pytest.mark.parametrize(
    ("actual", "measured_on", "course", "days_left"),
    [
        (None, date(2025, 9, 30), Course.UNKNOWN, 92),
        ("235.91", date(2025, 9, 30), Course.REACHED, 92),
        ("275.23", date(2025, 9, 30), Course.ON_TRACK, 92),
        ("275.24", date(2025, 9, 30), Course.BEHIND, 92),
        ("236.35", date(2025, 12, 30), Course.BEHIND, 1),
        ("235.92", date(2025, 12, 31), Course.MISSED, 0),
        ("235.91", date(2026, 2, 28), Course.REACHED, -59),
    ],
)
def test_how_a_target_stands(actual: str | None, measured_on: date, course: Course, days_left: int) -> None:
    spent = Decimal(actual) if actual else None
    stand = stand_of(QUARTER_LESS, actual=spent, measured_on=measured_on, today=measured_on, currency="USD")
    assert (stand.course, stand.days_left, stand.days_over) == (course, days_left, -days_left)
    assert stand.short == (None if spent is None else spent - Decimal("235.91"))


def test_nothing_is_a_share_of_nothing() -> None:
    assert in_pct(Decimal(20), Decimal(80)) == Decimal(25)
    assert in_pct(Decimal(20), Decimal(0)) is None
    assert in_pct(Decimal(20), Decimal(-5)) is None


def test_parts_lie_beside_each_other() -> None:
    assert first_nested(["/aws/", "/awsx/", "/firebase/"]) is None
    assert first_nested(["/firebase/", "/aws/compute/", "/aws/"]) == ("/aws/", "/aws/compute/")


@given(st.lists(BANDS, max_size=8), BANDS)
def test_no_amount_is_swallowed(parts: list[Band], heading: Band) -> None:
    assert heading + unexplained(heading, sum_of(parts)) == sum_of(parts)
    assert sum_of(parts).low <= sum_of(parts).high


@given(BANDS, st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(lambda pair: Band(*map(Decimal, sorted(pair)))))
def test_a_buffer_only_adds_and_a_place_only_rises(parts: Band, buffer: Band) -> None:
    with_buffer = grown(parts, buffer, currency="USD")
    assert parts.low <= with_buffer.low <= with_buffer.high
    assert parts.high <= with_buffer.high
    order = [Place.BELOW, Place.WITHIN, Place.BUFFER, Place.ABOVE]
    figures = sorted([parts.low, parts.high, with_buffer.high, with_buffer.high + 1, parts.low - 1])
    places = [order.index(place_of(figure, parts, with_buffer=with_buffer)) for figure in figures]
    assert places == sorted(places)


@given(
    AMOUNTS.filter(bool), st.decimals(min_value="0.01", max_value=100, places=2), st.integers(1, 2000), st.integers(-500, 3000)
)
def test_the_straight_line_goes_from_the_baseline_to_the_goal(baseline: Decimal, percent: Decimal, due: int, day: int) -> None:
    start = date(2025, 6, 30)
    terms = TargetTerms(percent, baseline, JUNE, date.fromordinal(start.toordinal() + due))
    goal = goal_of(terms, currency="USD")
    asked = [asked_by(terms, date.fromordinal(start.toordinal() + each), currency="USD") for each in (day, day + 1)]
    assert goal <= asked[1] <= asked[0] <= baseline


@given(BANDS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_every_mark_lies_on_the_picture(band: Band, plan: Decimal, spent: Decimal, more: Decimal) -> None:
    buffered = grown(band, Band(Decimal(10), Decimal(15)), currency="USD")
    widest = max(buffered.high, plan, spent + more)
    drawn = drawing_of(band, plan=plan, spent=spent, expected=spent + more, widest=widest, buffered=buffered)
    bars = [bar for bar in (drawn.band, drawn.buffer, drawn.spent, drawn.coming) if bar is not None]
    assert all(bar.x >= 0 and bar.width >= 0 for bar in bars)
    # A band of one figure at the very end is drawn as wide as a line.
    assert all(bar.x + bar.width <= WIDTH + Decimal("1.6") for bar in bars)
    assert 0 <= drawn.plan <= WIDTH
