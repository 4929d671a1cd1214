"""What a month comes to at the rate of late."""

from datetime import date
from decimal import Decimal

import pytest

from reporting.rules.run_rate import run_rate

TWENTIETH = date(2026, 1, 20)


def test_a_rate_over_both_months_tells_the_end_of_this_one() -> None:
    """33 in the 37 days from 14 December to 19 January, and twelve days to come."""
    found = run_rate(today=TWENTIETH, first_spend=date(2025, 12, 14), spent_last_month=Decimal(14), spent_this_month=Decimal(19))
    assert found is not None
    assert (found.days, found.days_left, found.month_end) == (37, 12, Decimal("29.70"))


def test_on_the_last_day_only_that_day_is_left() -> None:
    found = run_rate(
        today=date(2026, 1, 31), first_spend=date(2026, 1, 1), spent_last_month=Decimal(0), spent_this_month=Decimal(60)
    )
    assert found is not None
    assert (found.days_left, found.month_end) == (1, Decimal("62.00"))


@pytest.mark.parametrize("first", [None, TWENTIETH, date(2026, 1, 25), date(2025, 11, 30)])
def test_without_spend_before_today_nothing_is_told(first: date | None) -> None:
    assert run_rate(today=TWENTIETH, first_spend=first, spent_last_month=Decimal(0), spent_this_month=Decimal(5)) is None
