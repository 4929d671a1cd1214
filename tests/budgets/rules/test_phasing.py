"""Spreading an amount over months."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.months import add_months, fiscal_year_of, months_between
from budgets.rules.phasing import even, weighted
from core.errors import InvalidInput

JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 1)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@pytest.mark.parametrize("total", ["200000.00", "120000.00", "100.00", "-50.00", "0.01", "-0.01", "0.11"])
def test_twelve_months_add_up_to_the_total(total: str) -> None:
    months = even(Decimal(total), JANUARY, DECEMBER, currency="USD")
    assert list(months) == months_between(JANUARY, DECEMBER)
    assert sum(months.values()) == Decimal(total)


def test_a_round_year_has_round_months() -> None:
    assert set(even(Decimal(120000), JANUARY, DECEMBER, currency="USD").values()) == {Decimal("10000.00")}


@given(total=amounts, length=st.integers(1, 60))
def test_even_phasing_adds_up_and_differs_by_a_cent_at_most(total: Decimal, length: int) -> None:
    parts = list(even(total, JANUARY, add_months(JANUARY, length - 1), currency="USD").values())
    assert len(parts) == length
    assert sum(parts) == total
    assert max(parts) - min(parts) <= Decimal("0.01")


@given(total=amounts, shares=st.lists(st.integers(0, 31), min_size=1, max_size=24).filter(any))
def test_weighted_phasing_adds_up_and_gives_nothing_to_a_month_without_a_share(total: Decimal, shares: list[int]) -> None:
    months = [add_months(JANUARY, index) for index in range(len(shares))]
    parts = weighted(total, months, shares, currency="USD")
    assert sum(parts.values()) == total
    assert all(not amount for amount, share in zip(parts.values(), shares, strict=True) if not share)


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidInput, match="The last month is before the first"):
        even(Decimal(100), DECEMBER, JANUARY, currency="USD")


@given(month=st.dates(date(1950, 1, 1), date(2150, 12, 31)).map(lambda day: day.replace(day=1)), start=st.integers(1, 12))
def test_a_fiscal_year_holds_its_month_and_starts_where_its_entity_says(month: date, start: int) -> None:
    first = fiscal_year_of(month, start)
    assert first.month == start
    assert first <= month <= add_months(first, 11)
