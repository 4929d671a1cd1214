"""Direct, step-down and reciprocal allocation, and the cents that come of it."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.allocation import METHODS, Allocation, Method, allocate, matrix
from budgets.rules.cents import parts_of
from core.errors import InvalidInput

COSTS = {name: Decimal(cost) for name, cost in {"S1": 92400, "S2": 184800, "S3": 138600, "P1": 400000, "P2": 500000}.items()}
USAGE = {
    "S1": {"S2": 1000, "S3": 2000, "P1": 4000, "P2": 3000},
    "S2": {"S1": 2000, "S3": 4000, "P1": 10000, "P2": 4000},
    "S3": {"S1": 4500, "P1": 1500, "P2": 9000},
}
ORDER = ["S1", "S2", "S3"]


@pytest.mark.parametrize(
    ("method", "p1", "p2"),
    [("direct", "604600", "711200"), ("step-down", "573360", "742440"), ("reciprocal", "593500", "722300")],
)
def test_three_service_centres_end_as_stated(method: Method, p1: str, p2: str) -> None:
    allocation = allocate(costs=COSTS, usage=USAGE, method=method, order=ORDER)
    assert allocation.receivers == {"P1": Decimal(p1), "P2": Decimal(p2)}
    assert allocation.total == Decimal(1315800)


def test_what_a_provider_uses_itself_is_left_out() -> None:
    with_own = {name: {**row, name: 700} for name, row in USAGE.items()}
    for method in METHODS:
        assert allocate(costs=COSTS, usage=with_own, method=method, order=ORDER) == _by(method)


def test_the_order_of_step_down_matters_and_is_wanted_in_full() -> None:
    turned = allocate(costs=COSTS, usage=USAGE, method="step-down", order=["S3", "S2", "S1"])
    assert turned.receivers != _by("step-down").receivers
    assert turned.total == Decimal(1315800)
    for order in ([], ["S1", "S2"], ["S1", "S2", "S2"], [*ORDER, "P1"]):
        with pytest.raises(InvalidInput, match="does not name each provider once"):
            allocate(costs=COSTS, usage=USAGE, method="step-down", order=order)


def test_providers_that_serve_only_each_other_are_refused() -> None:
    usage = {"A": {"B": 1}, "B": {"A": 2}, "C": {"P": 1}}
    costs = {name: Decimal(100) for name in "ABCP"}
    with pytest.raises(InvalidInput, match="serve only each other"):
        allocate(costs=costs, usage=usage, method="reciprocal")
    for method in ("direct", "step-down"):
        with pytest.raises(InvalidInput, match=r"Nobody that \w can be passed on to"):
            allocate(costs=costs, usage=usage, method=method, order=["A", "B", "C"])


def test_a_provider_without_a_cost_and_units_below_zero_are_refused() -> None:
    with pytest.raises(InvalidInput, match="has no cost"):
        allocate(costs={"P": Decimal(1)}, usage={"A": {"P": 1}}, method="direct")
    with pytest.raises(InvalidInput, match="fewer than no units"):
        allocate(costs={"A": Decimal(1)}, usage={"A": {"P": 2, "Q": -1}}, method="direct")


def test_a_receiver_that_used_nothing_keeps_its_own_cost() -> None:
    allocation = allocate(costs={"A": Decimal(10), "P": Decimal(5), "Q": Decimal(7)}, usage={"A": {"P": 3}}, method="direct")
    assert allocation.receivers == {"P": Decimal(15), "Q": Decimal(7)}


def test_a_credit_is_shared_out_as_a_cost_is() -> None:
    plus = parts_of({"A": Decimal("0.05")}, {"A": {"P": Fraction(1, 3), "Q": Fraction(2, 3)}}, currency="USD")
    minus = parts_of({"A": Decimal("-0.05")}, {"A": {"P": Fraction(1, 3), "Q": Fraction(2, 3)}}, currency="USD")
    assert {name: -part for name, part in plus["A"].items()} == minus["A"]


def test_cents_carry_forward_from_row_to_row() -> None:
    """A hundred providers of one cent each, half and half: rounding each alone would give one receiver all of them."""
    rows = {str(index): {"P": Fraction(1, 2), "Q": Fraction(1, 2)} for index in range(100)}
    parts = parts_of(dict.fromkeys(rows, Decimal("0.01")), rows, currency="USD")
    assert sum(row["P"] for row in parts.values()) == Decimal("0.50")


def test_yen_have_no_cents() -> None:
    parts = parts_of({"A": Decimal(100)}, {"A": {name: Fraction(1, 3) for name in "PQR"}}, currency="JPY")
    assert sorted(parts["A"].values()) == [33, 33, 34]


def _by(method: Method) -> Allocation:
    return allocate(costs=COSTS, usage=USAGE, method=method, order=ORDER)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Decimal], dict[str, dict[str, int]], list[str]]:
    """Up to five providers and four receivers. Each provider serves a receiver, so that all three methods have an answer."""
    providers = [f"S{index}" for index in range(draw(st.integers(1, 5)))]
    receivers = [f"P{index}" for index in range(draw(st.integers(1, 4)))]
    amounts = st.decimals(min_value=0, max_value=10**7, places=2)
    costs = {name: draw(amounts) for name in [*providers, *receivers]}
    units = st.integers(0, 10**6)
    usage = {name: {other: draw(units) for other in [*providers, *receivers]} for name in providers}
    for row in usage.values():
        row[draw(st.sampled_from(receivers))] = draw(st.integers(1, 10**6))
    return costs, usage, draw(st.permutations(providers))


@given(case=cases())
def test_the_methods_agree_in_total_and_every_row_and_column_adds_up(case: tuple) -> None:  # type: ignore[type-arg]
    costs, usage, order = case
    for method in METHODS:
        allocation = allocate(costs=costs, usage=usage, method=method, order=order)
        assert allocation.total == sum(costs.values()), method
        for name, row in allocation.parts.items():
            assert sum(row.values()) == costs[name], (method, name)
            assert min(row.values()) >= 0
        for receiver, amount in allocation.receivers.items():
            sources = sum((row.get(receiver, Decimal(0)) for row in allocation.parts.values()), allocation.own[receiver])
            assert amount == sources


@given(case=cases())
def test_a_column_strays_from_the_exact_sum_by_less_than_two_cents(case: tuple) -> None:  # type: ignore[type-arg]
    costs, usage, order = case
    for method in METHODS:
        rows = matrix(usage, method=method, order=order)
        assert all(sum(row.values()) == 1 for row in rows.values())
        allocation = allocate(costs=costs, usage=usage, method=method, order=order)
        for receiver, amount in allocation.receivers.items():
            exact = sum((Fraction(costs[name]) * row.get(receiver, 0) for name, row in rows.items()), Fraction(0))
            assert abs(Fraction(amount - allocation.own[receiver]) - exact) < Fraction(2, 100)
