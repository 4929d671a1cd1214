"""How a budget stands, in four words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.health import Health, health_of, utilization

CENT = Decimal("0.01")
AMOUNTS = st.decimals(min_value="0", max_value="1e9", places=2)


@pytest.mark.parametrize(
    ("held", "word"),
    [
        ("0", "healthy"),
        ("749.99", "healthy"),
        ("750", "warning"),
        ("899.99", "warning"),
        ("900", "critical"),
        ("1000", "critical"),
        ("1000.01", "exceeded"),
    ],
)
def test_the_steps_of_a_thousand(held: str, word: str) -> None:
    assert health_of(Decimal(1000), Decimal(held)) == word


def test_no_budget_is_not_a_budget_of_zero() -> None:
    assert health_of(Decimal(0), Decimal(0), in_force=False) == Health.NONE
    assert health_of(Decimal(0), Decimal(0)) == Health.HEALTHY
    assert health_of(Decimal(0), CENT) == Health.EXCEEDED
    assert utilization(Decimal(0), CENT) is None


def test_a_credit_is_healthy() -> None:
    assert health_of(Decimal(100), Decimal(-5)) == Health.HEALTHY
    assert utilization(Decimal(100), Decimal(-5)) == Decimal("-5.00")


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_more_held_never_looks_better(allotted: Decimal, held: Decimal, more: Decimal) -> None:
    order = [Health.HEALTHY, Health.WARNING, Health.CRITICAL, Health.EXCEEDED]
    assert order.index(health_of(allotted, held)) <= order.index(health_of(allotted, held + more))


@given(AMOUNTS)
def test_an_overspend_of_a_cent_is_one(allotted: Decimal) -> None:
    assert health_of(allotted, allotted) != Health.EXCEEDED
    assert health_of(allotted, allotted + CENT) == Health.EXCEEDED
