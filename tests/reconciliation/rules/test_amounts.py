"""How much of a commitment goes, and how *paid* spreads: to the cent, with sign."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.rules.amounts import paid_so_far, spread, to_liquidate

amounts = st.decimals(min_value=-100_000, max_value=100_000, places=2)
positive = st.decimals(min_value=Decimal("0.01"), max_value=100_000, places=2)


@pytest.mark.parametrize(
    ("amount", "remaining", "liquidated", "goes"),
    [
        ("20", "30", "0", "20"),  # an order of 30, an invoice of 20: 10 stay committed
        ("30", "30", "0", "30"),
        ("45", "30", "0", "30"),
        ("10", "0", "30", "0"),
        ("-5", "10", "20", "-5"),
        ("-50", "10", "20", "-20"),
        ("-5", "30", "0", "0"),
    ],
)
def test_a_commitment_goes_by_the_cost_and_never_below_nothing(amount: str, remaining: str, liquidated: str, goes: str) -> None:
    assert to_liquidate(amount=Decimal(amount), remaining=Decimal(remaining), liquidated=Decimal(liquidated)) == Decimal(goes)


@given(total=amounts, weights=st.lists(amounts, min_size=1, max_size=12))
def test_shares_add_up_to_the_cent_whatever_the_signs(total: Decimal, weights: list[Decimal]) -> None:
    assert sum(spread(total, weights)) == total


def test_shares_follow_the_weights() -> None:
    assert spread(Decimal("100.00"), [Decimal(1), Decimal(1), Decimal(1)]) == [
        Decimal("33.34"),
        Decimal("33.33"),
        Decimal("33.33"),
    ]
    assert spread(Decimal("90.00"), [Decimal(100), Decimal(-10)]) == [Decimal("100.00"), Decimal("-10.00")]
    assert spread(Decimal("-0.01"), [Decimal(1), Decimal(2)]) == [Decimal("0.00"), Decimal("-0.01")]


@given(funds=positive, gross=positive)
def test_a_settled_invoice_has_paid_what_was_spent(funds: Decimal, gross: Decimal) -> None:
    assert paid_so_far(funds=funds, gross=gross, allocated=gross) == funds
