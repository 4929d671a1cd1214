"""An approval fits what it was given for, and nothing else."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from approvals.rules.digest import Ground, digest_of

LINE: dict[str, Any] = {
    "account_id": 1,
    "month": date(2026, 3, 1),
    "net": Decimal("10.00"),
    "vat": Decimal("2.10"),
    "recoverable": Decimal(0),
}
HEAD: dict[str, Any] = {"kind": "vendor_payment", "currency": "USD", "vendor_id": 7, "monthly_increase": None}


def digest(head: dict[str, Any] | None = None, *lines: dict[str, Any]) -> str:
    return digest_of(**(HEAD | (head or {})), lines=[Ground(**(LINE | line)) for line in lines or ({},)])


def test_the_same_ground_has_the_same_digest() -> None:
    assert digest() == digest(None, {"net": Decimal(10)})
    assert len(digest()) == 64


@pytest.mark.parametrize("head", [{"kind": "x"}, {"currency": "EUR"}, {"vendor_id": None}, {"monthly_increase": Decimal(1)}])
def test_another_head_has_another_digest(head: dict[str, Any]) -> None:
    assert digest(head) != digest()


@pytest.mark.parametrize(
    "line",
    [
        {"account_id": 2},
        {"month": date(2026, 4, 1)},
        {"net": Decimal("10.01")},
        {"vat": Decimal(2)},
        {"recoverable": Decimal(1)},
    ],
)
def test_another_line_has_another_digest(line: dict[str, Any]) -> None:
    assert digest(None, line) != digest()


def test_one_line_more_has_another_digest() -> None:
    assert digest(None, {}, {}) != digest()
