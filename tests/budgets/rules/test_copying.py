"""A plan taken for another time, in another size: every figure by its own rule, every sum to the cent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.copying import CopyTerms, copied
from budgets.rules.document import parse
from core.errors import InvalidInput


def _document(months: dict[str, str]) -> dict[str, Any]:
    total = f"{sum(map(Decimal, months.values())):.2f}"
    lines = [{"name": "Licences", "cost_centre": "TOP", "high": total, "months": months}]
    envelope = {"category": "soft", "amount": total, "variance_threshold": "5.00", "lines": lines}
    milestone = {"code": "M1", "name": "Live", "due_on": "2026-03-31", "planned_cost": "10.00"}
    budget = {
        "code": "OLD",
        "name": "Old",
        "currency": "USD",
        "total": total,
        "cost_centre": "TOP",
        "starts_on": "2026-01",
        "months": 3,
        "envelopes": [envelope],
        "milestones": [milestone],
    }
    return {"schema": "purser/budget/1", "entity": {"code": "acme"}, "budget": budget}


PLAN = _document({"2026-01": "70.00", "2026-02": "80.00", "2026-03": "180.00"})


def _copied(share: str, starts_on: date = date(2027, 2, 1), document: dict[str, Any] = PLAN) -> dict[str, Any]:
    made = copied(document, CopyTerms("NEW", "New", starts_on, Decimal(share)))
    parse(made)
    return dict(made["budget"])


def test_110_percent_makes_77_of_70_and_88_of_80_and_198_of_180() -> None:
    line = _copied("110")["envelopes"][0]["lines"][0]
    assert line["months"] == {"2027-02": "77.00", "2027-03": "88.00", "2027-04": "198.00"}
    assert line["high"] == "363.00"


def test_its_span_and_its_milestones_move_with_it() -> None:
    budget = _copied("100", date(2026, 12, 1))
    assert (budget["code"], budget["name"], budget["starts_on"], budget["total"]) == ("NEW", "New", "2026-12", "330.00")
    assert budget["milestones"][0]["due_on"] == "2027-02-28"
    assert _copied("50")["milestones"][0]["planned_cost"] == "5.00"


def test_what_it_was_copied_from_stays_as_it_was() -> None:
    before = repr(PLAN)
    _copied("33.33")
    assert repr(PLAN) == before


@pytest.mark.parametrize("share", ["0", "-1", "10000.01"])
def test_a_share_that_makes_no_plan_is_refused(share: str) -> None:
    with pytest.raises(InvalidInput, match="not one to copy by"):
        _copied(share)


@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=2), min_size=3, max_size=3), st.decimals(1, 300, places=2))
def test_the_months_of_a_line_add_up_to_the_scaled_line(amounts: list[Decimal], share: Decimal) -> None:
    months = {f"2026-0{number}": f"{amount:.2f}" for number, amount in enumerate(amounts, start=1)}
    made = copied(_document(months), CopyTerms("NEW", "New", date(2027, 1, 1), share))["budget"]["envelopes"][0]["lines"][0]
    exact = sum(amounts, Decimal(0)) * share / 100
    assert abs(sum(map(Decimal, made["months"].values())) - exact) <= Decimal("0.005")
