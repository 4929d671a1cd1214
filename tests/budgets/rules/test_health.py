"""How a budget stands, in four words."""

from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules import health as rules
from budgets.rules.health import USUAL_LADDER, Health, fault_of_ladder, rungs_of, utilization

CENT = Decimal("0.01")
usually = partial(rules.health_of, ladder=USUAL_LADDER)
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
    assert usually(Decimal(1000), Decimal(held)) == word


def test_no_budget_is_not_a_budget_of_zero() -> None:
    assert usually(Decimal(0), Decimal(0), in_force=False) == Health.NONE
    assert usually(Decimal(0), Decimal(0)) == Health.HEALTHY
    assert usually(Decimal(0), CENT) == Health.EXCEEDED
    assert utilization(Decimal(0), CENT) is None


def test_a_credit_is_healthy() -> None:
    assert usually(Decimal(100), Decimal(-5)) == Health.HEALTHY
    assert utilization(Decimal(100), Decimal(-5)) == Decimal("-5.00")


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_more_held_never_looks_better(allotted: Decimal, held: Decimal, more: Decimal) -> None:
    order = [Health.HEALTHY, Health.WARNING, Health.CRITICAL, Health.EXCEEDED]
    assert order.index(usually(allotted, held)) <= order.index(usually(allotted, held + more))


@given(AMOUNTS)
def test_an_overspend_of_a_cent_is_one(allotted: Decimal) -> None:
    assert usually(allotted, allotted) != Health.EXCEEDED
    assert usually(allotted, allotted + CENT) == Health.EXCEEDED


# Seed by seed: its file, where its ladder stands, of what amount its figures are.
LADDERS = [
    ("distro_nation", "ladder_on_750", "750"),
    ("intelliflow", "ladder_on_125", "125"),
    ("finops_platform", "ladder_on_org", "120000"),
]


@pytest.mark.parametrize(("name", "key", "allotted"), LADDERS)
def test_the_rungs_come_to_the_golden_amounts_and_begin_the_golden_words(name: str, key: str, allotted: str) -> None:
    golden = yaml.safe_load(Path(f"tests/golden/{name}.yaml").read_text())
    ladder = [Decimal(rung["at_pct"]) for rung in golden["alert_ladder"]]
    rungs = rungs_of(Decimal(allotted), ladder, currency="USD")
    assert {rung.at_pct: rung.amount for rung in rungs} == {
        Decimal(at): Decimal(amount) for at, amount in golden["expect"][key].items()
    }
    assert [rung.begins for rung in rungs] == ["", "warning", "critical", ""]
    whole, second, third = Decimal(allotted), rungs[1].amount, rungs[2].amount
    words = [rules.health_of(whole, held, ladder=ladder) for held in (second - CENT, second, third - CENT, third, whole + CENT)]
    assert words == [Health.HEALTHY, Health.WARNING, Health.WARNING, Health.CRITICAL, Health.EXCEEDED]


def test_a_third_rung_of_all_is_critical_at_all_of_it_alone() -> None:
    ladder = [Decimal(rung) for rung in (60, 80, 100, 120)]
    held = [Decimal(each) for each in ("799.99", "800", "999.99", "1000", "1000.01", "1200")]
    words = [rules.health_of(Decimal(1000), each, ladder=ladder).value for each in held]
    assert words == ["healthy", "warning", "warning", "critical", "exceeded", "exceeded"]


@pytest.mark.parametrize(
    ("ladder", "fault"),
    [
        ([50, 75], "rungs"),
        ([10, 20, 30, 40, 50, 60, 70], "rungs"),
        ([0, 75, 90], "goes up"),
        ([50, 90, 90], "goes up"),
        ([50, 90, 75, 100], "goes up"),
        ([50, 75, "1000.01"], "at most"),
        ([50, 75, "90.001"], "at most"),
        ([50, 75, 90], ""),
        ([1, 2, 3, 4, 5, 1000], ""),
    ],
)
def test_a_ladder_goes_up(ladder: list[int | str], fault: str) -> None:
    found = fault_of_ladder([Decimal(rung) for rung in ladder])
    assert fault in found
    assert bool(fault) == bool(found)
