"""Phasing and carrying, by figures: twelve amounts add up, to the cent, and what is overspent is carried too."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.rules.carrying import given_up
from budgets.rules.phasing import even

JANUARY, FEBRUARY, MARCH, DECEMBER = (date(2026, number, 1) for number in (1, 2, 3, 12))


def test_200000_a_year_evenly_are_twelve_amounts_that_add_up_to_200000_00() -> None:
    months = list(even(Decimal(200000), JANUARY, DECEMBER, currency="USD").values())
    assert (len(months), sum(months)) == (12, Decimal("200000.00"))
    assert set(months) == {Decimal("16666.66"), Decimal("16666.67")}


def test_120000_are_12_times_10000() -> None:
    assert list(even(Decimal(120000), JANUARY, DECEMBER, currency="USD").values()) == [Decimal(10000)] * 12


@pytest.mark.parametrize("total", ["100.00", "-50.00"])
def test_even_phasing_of_100_and_of_minus_50_adds_up(total: str) -> None:
    """Rounding each month by itself loses 0.04 of the 100."""
    months = even(Decimal(total), JANUARY, DECEMBER, currency="USD")
    assert sum(months.values()) == Decimal(total)


def test_1029_63_left_minus_324_49_plus_500_carried_are_1205_14() -> None:
    left = {JANUARY: Decimal("1029.63") - Decimal("324.49")}
    changes = given_up(left, [JANUARY], lapses=Decimal(0))
    assert Decimal(500) - changes[JANUARY] == Decimal("1205.14")


def test_30000_a_month_and_49500_spent_leave_10500_for_the_next() -> None:
    changes = given_up({JANUARY: Decimal(30000 - 49500)}, [JANUARY], lapses=Decimal(0))
    assert changes == {JANUARY: Decimal(19500)}
    assert Decimal(30000) - changes[JANUARY] == 10500


def test_what_is_carried_leaves_closed_months_alone() -> None:
    left = {JANUARY: Decimal(10), FEBRUARY: Decimal("-2.50"), MARCH: Decimal(1)}
    changes = given_up(left, [FEBRUARY, MARCH], lapses=Decimal(0))
    assert changes == {FEBRUARY: Decimal("2.50"), MARCH: Decimal(-11)}
    assert sum(changes.values()) == -sum(left.values())
    assert given_up({}, [MARCH], lapses=Decimal(0)) == {}
