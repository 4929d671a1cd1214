"""What a cost comes to at a horizon: the three horizons of the golden budget, and what rounding may not do."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.projections import ROUNDINGS, Part, Rounding, project, rounded
from core.errors import InvalidInput

GOLDEN: dict[str, Any] = yaml.safe_load(Path("tests/golden/distro_nation.yaml").read_text())
HORIZONS = GOLDEN["projections"]
NAMES = ("aws", "firebase", "external")


def _part(name: str, stated: dict[str, Any]) -> Part:
    growth, change = stated.get("growth_pct"), stated.get("optimization_pct")
    return Part(
        name,
        Decimal(str(stated["base"])),
        Decimal(growth) if growth is not None else None,
        Decimal(-change) if change is not None else None,
    )


@pytest.mark.parametrize("stated", HORIZONS, ids=[str(each["horizon_months"]) for each in HORIZONS])
def test_the_three_horizons_come_out_as_stated(stated: dict[str, Any]) -> None:
    parts = [_part(name, stated[name]) for name in NAMES]
    outcome = project(parts, buffer_pct=Decimal(stated["buffer_pct"]), rounding=Rounding())
    assert [each.projected for each in outcome.parts] == [stated[name]["projected"] for name in NAMES]
    for each, name in zip(outcome.parts, NAMES, strict=True):
        if "grown" in stated[name]:
            assert each.grown == stated[name]["grown"]
    assert (outcome.total, outcome.recommended) == (stated["total"], stated["recommended"])


def test_the_rules_of_rounding_are_those_of_the_document() -> None:
    stated = GOLDEN["projection_rounding"]
    assert (
        Rounding(
            grown=stated["grown"],
            lowered=stated["projected"],
            only_grown=stated["without_reduction"],
            recommended=stated["recommended"],
        )
        == Rounding()
    )


def test_a_part_that_does_not_change_keeps_its_cents() -> None:
    outcome = project([Part("fees", Decimal("120.37"))], buffer_pct=Decimal(0), rounding=Rounding(recommended="up to 0.01"))
    assert (outcome.parts[0].grown, outcome.total, outcome.recommended) == (Decimal("120.37"),) * 3


@pytest.mark.parametrize(
    ("rule", "amount", "comes_to"),
    [
        ("down to 1", "187.50", "187.00"),
        ("half up to 1", "187.50", "188.00"),
        ("up to 10", "748.01", "750.00"),
        ("half up to 10", "745.00", "750.00"),
        ("half up to 10", "744.99", "740.00"),
        ("down to 0.01", "1.239", "1.23"),
        ("half up to 1000", "499.99", "0.00"),
    ],
)
def test_a_rule_of_rounding_says_what_it_does(rule: str, amount: str, comes_to: str) -> None:
    assert rounded(Decimal(amount), rule) == Decimal(comes_to)


@pytest.mark.parametrize("rule", ["", "down", "half up to 7", "DOWN to 1", "down to 1 "])
def test_a_rule_that_is_not_known_is_refused(rule: str) -> None:
    with pytest.raises(InvalidInput, match="no rule of rounding"):
        rounded(Decimal(1), rule)


amounts = st.decimals(min_value=0, max_value=10**9, places=2)
shares = st.none() | st.decimals(min_value=0, max_value=100, places=2)


@given(st.lists(st.tuples(amounts, shares, shares), max_size=6), st.decimals(0, 100, places=1), st.sampled_from(ROUNDINGS))
def test_the_sum_is_that_of_the_parts_and_the_buffer_never_lowers_it_by_more_than_rounding(
    rows: list[tuple[Decimal, Decimal | None, Decimal | None]], buffer: Decimal, rule: str
) -> None:
    parts = [Part(str(number), *row) for number, row in enumerate(rows)]
    outcome = project(parts, buffer_pct=buffer, rounding=Rounding(recommended=rule))
    assert outcome.total == sum((each.projected for each in outcome.parts), Decimal(0))
    assert outcome.recommended > outcome.total - Decimal(rule.rsplit(" ", 1)[1])
    for each in outcome.parts:
        assert 0 <= each.projected <= each.grown + 1
