"""Fixed shares and shares within them, with the documents' figures."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.shares import Share, check_shares, divide
from core.errors import InvalidInput


def _golden(name: str) -> Any:
    return yaml.safe_load(Path(f"tests/golden/{name}.yaml").read_text())


def _shares(stated: dict[str, Any]) -> tuple[Share, ...]:
    return tuple(
        Share(name, Decimal(said["share_pct"]), tuple(Share(part, Decimal(pct)) for part, pct in said["of_which"].items()))
        for name, said in stated.items()
    )


def _flat(shares: dict[str, Any]) -> tuple[Share, ...]:
    return tuple(Share(name, Decimal(str(pct))) for name, pct in shares.items())


@pytest.mark.parametrize("level", ["departments", "projects"])
def test_the_golden_shares_are_divided_top_level_first_and_then_within(level: str) -> None:
    golden = _golden("distro_nation")
    portions = divide(Decimal("314.54"), _shares(golden["allocation"][level]), currency="USD")
    assert {each.name: str(each.amount) for each in portions} == golden["expect"]["allocation_of_314.54"][level]
    for portion in portions:
        assert sum(part.amount for part in portion.of_which) == portion.amount


def test_the_golden_chargeback_goes_to_units_and_departments() -> None:
    golden = _golden("kafka_migration")
    units, departments = (_flat(golden["chargeback"][name]) for name in ("business_units", "departments"))
    expected = {name: Decimal(amount) for name, amount in golden["expect"]["chargeback_of_10000_to_units"].items()}
    assert {each.name: each.amount for each in divide(Decimal(10000), units, currency="USD")} == expected
    for total, stated in golden["expect"]["chargeback_to_departments"].items():
        assert {each.name: str(each.amount) for each in divide(Decimal(total), departments, currency="USD")} == stated


def test_the_stated_cases() -> None:
    assert [each.amount for each in divide(Decimal(100), _flat({"a": 60, "b": 40}), currency="USD")] == [60, 40]
    halves = divide(Decimal("145.65"), _flat({"a": 50, "b": 50}), currency="USD")
    assert [str(each.amount) for each in halves] == ["72.83", "72.82"]


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ((Share("a", Decimal(50)), Share("b", Decimal(30))), "add up to 80 %, not to 100 %"),
        ((Share("a", Decimal(50)), Share("a", Decimal(50))), "“a” has two shares"),
        ((Share("a", Decimal(0)), Share("b", Decimal(100))), "has a share of 0 %"),
        ((), "No shares are stated"),
        ((Share("a", Decimal(100), (Share("x", Decimal(60)), Share("y", Decimal(20)))),), "shares of a add up to 80 %"),
    ],
)
def test_shares_that_do_not_add_up_are_refused(shares: tuple[Share, ...], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        check_shares(shares)
    with pytest.raises(InvalidInput, match=sentence):
        divide(Decimal(1), shares, currency="USD")


@given(
    total=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    parts=st.lists(st.integers(1, 1000), min_size=1, max_size=8),
    inner=st.lists(st.integers(1, 50), min_size=1, max_size=5),
)
def test_levels_add_up_to_the_cent(total: Decimal, parts: list[int], inner: list[int]) -> None:
    shares = _hundred(parts, Decimal(100))
    first = Share(shares[0].name, shares[0].pct, _hundred(inner, shares[0].pct))
    portions = divide(total, (first, *shares[1:]), currency="USD")
    assert sum(each.amount for each in portions) == total
    assert sum(each.amount for each in portions[0].of_which) == portions[0].amount


def _hundred(weights: list[int], whole: Decimal) -> tuple[Share, ...]:
    """Return shares in proportion to whole numbers that add up to the whole exactly: the last takes what is left."""
    unit = (whole / sum(weights)).quantize(Decimal("0.000001"))
    pcts = [unit * weight for weight in weights[:-1]]
    return tuple(Share(f"{whole}-{index}", pct) for index, pct in enumerate([*pcts, whole - sum(pcts, Decimal(0))]))
