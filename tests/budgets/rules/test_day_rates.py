"""Day rates as they are typed or come in a file: read exactly, and refused line by line."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.rules.day_rates import DayRateData, read_csv
from core.errors import InvalidInput

HEAD = "role,name,starts_on,rate,currency,source\n"


def test_a_file_is_read_as_it_stands() -> None:
    text = HEAD + 'dev,Developer,2026-06,"1,250.50",usd,Band 4\nqa,\'=Tester,2026-07-01,,EUR,Quote 9\n'
    assert read_csv(text.encode("utf-8-sig")) == [
        DayRateData("dev", "Developer", date(2026, 6, 1), Decimal("1250.50"), "USD", "Band 4"),
        DayRateData("qa", "=Tester", date(2026, 7, 1), None, "EUR", "Quote 9"),
    ]
    assert read_csv(text.replace('"1,250.50"', "1250.50").replace(",", ";").encode())[0].rate == Decimal("1250.50")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("d ev,Developer,2026-06,1,USD,Band", "a role is a short name"),
        (",Developer,2026-06,1,USD,Band", "a role is a short name"),
        ("dev,,2026-06,1,USD,Band", "what the role is called"),
        ("dev,Developer,2026-13,1,USD,Band", "a month is written as 2026-06"),
        ("dev,Developer,2026-06-15,1,USD,Band", "a month is written as 2026-06"),
        ("dev,Developer,2026-06,1,XXY,Band", "a currency is three letters"),
        ("dev,Developer,2026-06,1,USD,", "who says so"),
        ("dev,Developer,2026-06,0,USD,Band", "The amount is zero"),
        ("dev,Developer,2026-06,-5,USD,Band", "The amount is negative"),
        ("dev,Developer,2026-06,1.005,USD,Band", "more decimals than USD has"),
        ("dev,Developer,2026-06,100.5,JPY,Band", "more decimals than JPY has"),
        ("dev,Developer,2026-06,NaN,USD,Band", "is not an amount"),
    ],
)
def test_what_cannot_be_kept_is_told_by_line(line: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_csv(f"{HEAD}ok,Fine,2026-06,1,USD,Band\n{line}\n".encode())
    assert words in refused.value.details["line 3"]


def test_the_same_role_twice_from_one_month_on_is_refused() -> None:
    with pytest.raises(InvalidInput, match="line 3: line 2 states this role from that month on already"):
        read_csv(f"{HEAD}dev,Developer,2026-06,1,USD,Band\ndev,Developer,2026-06,2,USD,Band\n".encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not CSV in UTF-8"),
        (b"", "not the columns"),
        (b"role,rate\ndev,1\n", "not the columns"),
        (b"x" * (513 * 1024), "bytes"),
        ((HEAD + "dev,Developer,2026-06,1,USD,Band\n" * 2001).encode(), "2,001 rates"),
    ],
)
def test_what_is_no_card_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_csv(content)
