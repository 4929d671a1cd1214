"""How much of a budget was achieved, rounded as amounts are."""

from decimal import Decimal

from budgets.rules.achieving import achieved


def test_a_half_is_rounded_up_and_a_budget_of_zero_has_none() -> None:
    assert achieved(Decimal(20_000), Decimal(101)) == Decimal("0.51")
    assert achieved(Decimal(-50), Decimal(-60)) == Decimal("120.00")
    assert achieved(Decimal(0), Decimal(5)) is None
