"""What of what is left goes on: to the cent, and never less of an overspend than there is."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.rules.carrying import CARRY_ALL, CarryTerms, check_terms, given_up, part_carried
from budgets.rules.months import add_months
from core.errors import InvalidInput

JANUARY = date(2026, 1, 1)
MAY = date(2026, 5, 1)
CENTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
SHARES = st.decimals(min_value=0, max_value=100, places=2)
TERMS = st.one_of(
    st.just(CARRY_ALL),
    st.just(CarryTerms("nothing")),
    SHARES.map(lambda share: CarryTerms("share", share_pct=share)),
    st.decimals(min_value=0, max_value=10**9, places=2).map(lambda most: CarryTerms("amount", amount=most, currency="USD")),
)


@given(left=CENTS, terms=TERMS, currency=st.sampled_from(["USD", "JPY"]))
@settings(max_examples=80)
def test_carried_and_lapsed_come_to_what_is_left_and_overspend_is_never_forgiven(
    left: Decimal, terms: CarryTerms, currency: str
) -> None:
    part = part_carried(left, terms, currency)
    if left <= 0:
        assert part == left
    else:
        assert 0 <= part <= left
        assert part == part.quantize(Decimal("0.01"))
    if terms.kind == "share" and terms.share_pct is not None and left > 0:
        assert part * 100 <= left * terms.share_pct


@given(months=st.lists(CENTS, min_size=1, max_size=4), terms=TERMS, closed=st.integers(min_value=0, max_value=3))
@settings(max_examples=80)
def test_what_months_give_up_and_what_is_carried_add_up_to_nothing(months: list[Decimal], terms: CarryTerms, closed: int) -> None:
    left = {add_months(JANUARY, index): amount for index, amount in enumerate(months)}
    is_open = sorted(left)[min(closed, len(left) - 1) :]
    total = sum(months, Decimal(0))
    part = part_carried(total, terms, "USD")
    changes = given_up(left, is_open, lapses=total - part)
    assert sum(changes.values(), Decimal(0)) + part == 0
    assert set(changes) <= set(is_open)
    after = {month: left[month] + changes.get(month, Decimal(0)) for month in is_open}
    assert [amount for month, amount in after.items() if month != max(is_open)] == [0] * (len(is_open) - 1)


def test_a_share_is_rounded_down_and_an_amount_caps() -> None:
    assert part_carried(Decimal("0.03"), CarryTerms("share", share_pct=Decimal(50)), "USD") == Decimal("0.01")
    assert part_carried(Decimal("101.00"), CarryTerms("share", share_pct=Decimal(50)), "JPY") == Decimal("50.00")
    assert part_carried(Decimal("10.00"), CarryTerms("amount", amount=Decimal("9.99"), currency="USD"), "USD") == Decimal("9.99")
    assert part_carried(Decimal("5.00"), CarryTerms("amount", amount=Decimal("9.99"), currency="USD"), "USD") == Decimal("5.00")
    assert part_carried(Decimal("-5.00"), CarryTerms("nothing"), "USD") == Decimal("-5.00")


@pytest.mark.parametrize(
    "terms",
    [
        CarryTerms("some"),
        CarryTerms("share"),
        CarryTerms("all", share_pct=Decimal(1)),
        CarryTerms("amount"),
        CarryTerms("nothing", amount=Decimal(1)),
        CarryTerms("share", share_pct=Decimal("100.01")),
        CarryTerms("share", share_pct=Decimal(-1)),
        CarryTerms("share", share_pct=Decimal("NaN")),
        CarryTerms("share", share_pct=Decimal("1.005")),
        CarryTerms("amount", amount=Decimal("-0.01"), currency="USD"),
        CarryTerms("amount", amount=Decimal("1e15"), currency="USD"),
    ],
)
def test_terms_that_say_no_one_thing_are_refused(terms: CarryTerms) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_terms(terms)
    assert refused.value.details
