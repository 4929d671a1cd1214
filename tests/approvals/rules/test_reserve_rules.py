"""What a reserve should hold, what a month did to it, and what of a draw is used."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.reserves import (
    Change,
    Grown,
    Kind,
    left_for,
    projected_growth,
    projected_savings,
    stand_of,
    target_of,
    used_of,
)
from budgets.rules.months import add_months
from budgets.rules.projections import Part, Rounding, project
from tests.factories.approvals import read_yaml

GOLDEN = read_yaml("tests/golden/distro_nation.yaml")
PCT = {each["name"]: Decimal(each["pct"]) for each in GOLDEN["reserves"]}
JANUARY = date(2026, 1, 1)

cents = st.integers(0, 10**9).map(lambda number: Decimal(number) / 100)
signed = st.integers(-(10**6), 10**6).map(lambda number: Decimal(number) / 100)
months = st.integers(0, 11).map(lambda number: add_months(JANUARY, number))


def change(month: date, kind: Kind, amount: Decimal) -> Change:
    return Change(month, kind, -abs(amount) if kind is Kind.DRAWN else abs(amount) if kind is Kind.GIVEN_BACK else amount)


changes = st.lists(st.builds(change, months, st.sampled_from(Kind), signed), max_size=30)


def grown(horizon: int) -> list[Grown]:
    """Return the parts of a golden projection as they come out."""
    stated = next(each for each in read_yaml("demo/projections.yaml")["distro-nation"] if each["horizon_months"] == horizon)
    parts = [
        Part(
            each["name"],
            Decimal(each["base"]),
            *(Decimal(each[name]) if name in each else None for name in ("growth", "reduction")),
        )
        for each in stated["parts"]
    ]
    outcome = project(parts, buffer_pct=Decimal(stated["buffer_pct"]), rounding=Rounding())
    return [Grown(each.part.base, each.grown, each.projected) for each in outcome.parts]


def _share(part: dict[str, str], name: str) -> Decimal | None:
    return Decimal(part[name]) if name in part else None


def test_the_golden_reserves_of_the_budget_recommended_for_a_quarter() -> None:
    assert PCT == {"emergency": 20, "optimization delay": 10, "growth acceleration": 25}
    assert target_of(PCT["emergency"], Decimal(GOLDEN["expect"]["recommended"][3])) == Decimal("150.00")


def test_the_golden_reserves_of_the_projections() -> None:
    # In six months AWS is lowered from 503 to 352 and Firebase from 210 to 105; in three all of it grows by 148.46.
    assert projected_savings(grown(6)) == Decimal("256.00")
    assert target_of(PCT["optimization delay"], projected_savings(grown(6))) == Decimal("25.60")
    assert projected_growth(grown(3)) == Decimal("148.46")
    assert target_of(PCT["growth acceleration"], projected_growth(grown(3))) == Decimal("37.12")


def test_the_demo_states_the_golden_terms() -> None:
    stated = read_yaml("demo/reserves.yaml")["distro-nation"]
    assert [Decimal(each["share_pct"]) for each in stated] == list(PCT.values())
    approvers = [each["approver"] for each in GOLDEN["reserves"]]
    assert approvers == ["engineering_director", "financial_committee", "executive_team"]
    # The financial committee is the one that the organization has.
    assert [each["approver"] for each in stated] == ["engineering_director", "committee:budget", "executive_team"]
    for each, golden in zip(stated, GOLDEN["reserves"], strict=True):
        assert golden["document"] in each["document"].lower()


@given(share=st.integers(1, 10**5).map(lambda number: Decimal(number) / 100), base=cents)
def test_a_target_is_the_share_to_the_cent(share: Decimal, base: Decimal) -> None:
    assert abs(target_of(share, base) - base * share / 100) <= Decimal("0.005")
    assert target_of(share, -base) == 0


@given(told=changes, month=months)
def test_a_month_begins_with_what_the_one_before_left(told: list[Change], month: date) -> None:
    before, now = stand_of(told, add_months(month, -1)), stand_of(told, month)
    assert now.start == before.left
    assert now.left == sum((each.amount for each in told if each.month <= month), Decimal(0))
    assert now.drawn >= 0
    assert now.given_back >= 0


@given(rows=st.dictionaries(months, signed, max_size=12), month=months, amount=cents)
def test_what_may_be_drawn_leaves_no_month_from_there_on_below_nothing(
    rows: dict[date, Decimal], month: date, amount: Decimal
) -> None:
    left = left_for(rows.items(), month)
    ends = [add_months(JANUARY, number) for number in range(12)]
    after = {end: sum((value for at, value in rows.items() if at <= end), Decimal(0)) for end in ends}
    assert left == min(after[end] for end in ends if end >= month)
    assert (amount <= left) == all(after[end] - amount >= 0 for end in ends if end >= month)


@given(drawn=cents, own=signed, held=signed)
def test_of_a_draw_no_more_is_used_than_was_drawn(drawn: Decimal, own: Decimal, held: Decimal) -> None:
    used = used_of(drawn, own + drawn, held)
    assert 0 <= used <= drawn
    if 0 < used < drawn:
        assert used == held - own


@pytest.mark.parametrize(("held", "used"), [("80", "0"), ("100", "20"), ("120", "40"), ("150", "40")])
def test_a_lines_own_budget_goes_first(held: str, used: str) -> None:
    numbers: Any = (Decimal(40), Decimal(120), Decimal(held))
    assert used_of(*numbers) == Decimal(used)
