"""Which window of a control has the least left."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.rules.windows import own_cap, stands_of, tightest

MONTHS = {date(2026, month, 1): (Decimal(100), Decimal(held)) for month, held in ((1, 50), (2, 150), (3, 90), (4, 20))}


@pytest.mark.parametrize(
    ("window", "first", "last", "left"),
    [
        ("month", 2, 2, -50),
        ("quarter", 1, 3, 10),
        ("ytd", 1, 2, 0),
        ("year", 1, 12, 90),
        ("life", 1, 12, 90),
    ],
)
def test_the_tightest_window(window: str, first: int, last: int, left: int) -> None:
    stand = tightest(stands_of(window, MONTHS, tolerance=Decimal(0), start_month=1))
    assert stand is not None
    assert (stand.first.month, stand.last.month, stand.left) == (first, last, left)


def test_tolerance_raises_what_may_be_held() -> None:
    stand = tightest(stands_of("year", MONTHS, tolerance=Decimal("0.1"), start_month=1))
    assert stand is not None
    assert stand.left == Decimal(130)


def test_quarters_and_years_are_fiscal() -> None:
    stands = stands_of("year", MONTHS, tolerance=Decimal(0), start_month=3)
    assert [(stand.first.month, stand.last.month) for stand in stands] == [(3, 2), (3, 2)]
    assert [stand.last.year for stand in stands] == [2026, 2027]
    stands = stands_of("quarter", MONTHS, tolerance=Decimal(0), start_month=2)
    assert [(stand.first.month, stand.last.month) for stand in stands] == [(11, 1), (2, 4)]


def test_a_control_without_counters_has_no_window() -> None:
    assert tightest(stands_of("year", {}, tolerance=Decimal(0), start_month=1)) is None


def test_an_own_limit_holds_for_each_window_whatever_is_allotted() -> None:
    stands = stands_of("month", MONTHS, tolerance=Decimal("0.1"), start_month=1, own_limit=Decimal(80))
    assert [stand.left for stand in stands] == [Decimal(38), Decimal(-62), Decimal(-2), Decimal(68)]


def test_an_own_limit_to_date_grows_by_a_twelfth_and_comes_out_whole() -> None:
    stands = stands_of("ytd", MONTHS, tolerance=Decimal(0), start_month=1, own_limit=Decimal(1000))
    assert [stand.cap for stand in stands] == [Decimal("83.33"), Decimal("166.67"), Decimal("250.00"), Decimal("333.33")]
    assert [stand.held for stand in stands] == [50, 200, 290, 310]
    assert own_cap(Decimal(1000), "ytd", date(2026, 4, 1), date(2027, 3, 1)) == Decimal("1000.00")
    assert own_cap(Decimal(1000), "life", date.min, date.max) == Decimal(1000)
