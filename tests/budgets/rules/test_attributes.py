"""Values of attributes as they are typed, sent, shown and asked for."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.rules.attributes import Value, Wanted, plain, read_value, read_wanted, shown


@pytest.mark.parametrize(
    ("kind", "typed", "value", "sent", "seen"),
    [
        ("text", " Emea north ", "Emea north", "Emea north", "Emea north"),
        ("number", "1,250.50", Decimal("1250.50"), "1250.5", "1,250.5"),
        ("number", "\u22122", Decimal(-2), "-2", "-2"),
        ("number", "100", Decimal(100), "100", "100"),
        ("number", "0", Decimal(0), "0", "0"),
        ("date", "2026-11-05", date(2026, 11, 5), "2026-11-05", "2026-11-05"),
        ("yes_no", "No", False, False, "no"),
        ("yes_no", True, True, True, "yes"),
        ("choice", "EMEA", "emea", "emea", "emea"),
    ],
)
def test_a_value_is_read_and_shown_by_its_type(kind: str, typed: str | bool, value: Value, sent: str | bool, seen: str) -> None:
    read = read_value(kind, typed, ("emea", "apac"))

    assert (read, plain(read), shown(read)) == (value, sent, seen)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("number", "ten"),
        ("number", "1e5"),
        ("number", "1.1234567"),
        ("number", "NaN"),
        ("date", "5 Nov"),
        ("date", "2026-13-01"),
        ("yes_no", "maybe"),
        ("choice", "moon"),
        ("text", "a\nb"),
        ("text", "x" * 501),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(kind: str, typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\."):
        read_value(kind, typed, ("emea",))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("region", Wanted("region")),
        ("region=emea north", Wanted("region", "=", "emea north")),
        (" seats >= 10 ", Wanted("seats", ">=", "10")),
        ("ends<=2026-12-31", Wanted("ends", "<=", "2026-12-31")),
    ],
)
def test_a_condition_is_read(text: str, wanted: Wanted) -> None:
    assert read_wanted(text) == wanted


@pytest.mark.parametrize("text", ["", "=emea", "Region", "a b", "seats>10", "region="])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Write a code"):
        read_wanted(text)
