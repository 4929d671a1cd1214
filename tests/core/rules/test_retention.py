"""Periods run from the end of the fiscal year; the document's 7, 5, 3 and 2 years hold where nothing is stated."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.rules.retention import YEARS, RecordKind, dated_before, end_of_fiscal_year, kept_until

GOLDEN = Path(__file__).parents[2] / "golden/distro_nation.yaml"
WORDS = {
    "financial documents": RecordKind.FINANCIAL,
    "budget planning": RecordKind.PLANNING,
    "optimization projects": RecordKind.OPTIMIZATION,
    "monthly reports": RecordKind.REPORTS,
}
DAYS = st.dates(date(1990, 1, 1), date(2199, 12, 31))


def test_the_periods_are_those_of_the_document() -> None:
    stated = yaml.safe_load(GOLDEN.read_text())["retention_years"]
    assert {WORDS[name]: years for name, years in stated.items()} == YEARS


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2019, 1, 1), 1, date(2019, 12, 31)),
        (date(2019, 12, 31), 1, date(2019, 12, 31)),
        (date(2019, 6, 30), 7, date(2019, 6, 30)),
        (date(2019, 7, 1), 7, date(2020, 6, 30)),
        (date(2020, 2, 29), 3, date(2020, 2, 29)),
        (date(2021, 3, 1), 3, date(2022, 2, 28)),
    ],
)
def test_a_fiscal_year_ends_before_the_month_in_which_the_next_begins(day: date, start: int, end: date) -> None:
    assert end_of_fiscal_year(day, start) == end


def test_a_record_is_kept_whole_fiscal_years_after_its_own() -> None:
    assert kept_until(date(2019, 3, 5), 7, 1) == date(2026, 12, 31)
    assert kept_until(date(2019, 12, 31), 7, 1) == date(2026, 12, 31)
    assert kept_until(date(2019, 7, 1), 2, 7) == date(2022, 6, 30)


@given(DAYS, DAYS, st.integers(1, 100), st.integers(1, 12))
def test_what_is_dated_on_or_before_the_last_day_is_past_its_years_and_nothing_else(
    day: date, today: date, years: int, start: int
) -> None:
    assert (day <= dated_before(today, years, start)) == (kept_until(day, years, start) < today)
