"""Amounts: what is taken, what is refused, and that parts add up."""

from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.money import minor_unit, parse_amount, quantize, split

GOLDEN = "tests/golden"
cents = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,567,890", None),
        (" 12 ", "12.00"),
        ("1 000 000", "1000000.00"),
        ("0.01", "0.01"),
    ],
)
def test_takes_what_people_write(text: str, amount: str | None) -> None:
    if amount is None:
        with pytest.raises(InvalidInput):
            parse_amount(text, currency="USD")
        return
    assert parse_amount(text, currency="USD") == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1e400",
        "1E3",
        "0x10",
        "１２",
        "1_000",
        "12,34",
        "1.2.3",
        "12.345",
        "9" * 16,
        "9" * 30,
        pytest.param("1" * 2_000_000, id="two megabytes"),
    ],
)
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_amount(text, currency="USD")
    assert refusal.value.remedy
    assert len(refusal.value.message) < 200


def test_zero_and_negative_are_taken_only_where_said() -> None:
    for text in ("0", "-1"):
        with pytest.raises(InvalidInput):
            parse_amount(text, currency="USD")
    assert parse_amount("0", currency="USD", allow_zero=True) == 0
    assert parse_amount("\u2212264,795.53", currency="USD", allow_negative=True) == Decimal("-264795.53")


def test_a_currency_without_cents_takes_none() -> None:
    with pytest.raises(InvalidInput):
        parse_amount("10.50", currency="JPY")
    assert quantize(Decimal("10.5"), "JPY") == Decimal("11.00")
    assert minor_unit("KWD") == Decimal("0.01")


@given(cents, st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=30).filter(any))
def test_parts_add_up_and_stay_within_a_cent(total: Decimal, shares: list[int]) -> None:
    parts = split(total, shares, currency="USD")
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - total * share / sum(shares)) < Decimal("0.01") or abs(total) > 10**11
    assert all(part == 0 for part, share in zip(parts, shares, strict=True) if share == 0)


def test_golden_chargeback_to_departments() -> None:
    with open(f"{GOLDEN}/kafka_migration.yaml") as file:
        golden = yaml.safe_load(file)
    departments = golden["chargeback"]["departments"]
    for total, expected in golden["expect"]["chargeback_to_departments"].items():
        parts = split(Decimal(total), list(departments.values()), currency="USD")
        assert dict(zip(departments, parts, strict=True)) == {name: Decimal(amount) for name, amount in expected.items()}


def test_even_phasing_of_a_small_debt_adds_up() -> None:
    assert sum(split(Decimal(-50), [1] * 12, currency="USD")) == Decimal("-50.00")
    with pytest.raises(InvalidInput):
        split(Decimal(1), [0, 0], currency="USD")
