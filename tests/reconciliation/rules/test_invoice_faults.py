"""What cannot be read as an invoice is said by field, with the remedy."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciliation.rules.invoices import InvoiceData, LineData, faults

LINE = LineData("Licences", Decimal("100.00"), Decimal("21.00"))
GOOD = InvoiceData("Acme Cloud", "INV-1", date(2026, 3, 10), "USD", (LINE,))


def test_a_good_one_has_no_faults() -> None:
    assert faults(GOOD) == {}
    assert faults(replace(GOOD, gross=Decimal("121.00"))) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": " - "}, "number"),
        ({"vendor_name": " "}, "vendor_name"),
        ({"number": "9" * 81}, "number"),
        ({"reference": "x" * 2_000_000}, "reference"),
        ({"lines": ()}, "lines"),
        ({"due_on": date(2026, 3, 9)}, "due_on"),
        ({"gross": Decimal("120.00")}, "gross"),
        ({"lines": (LINE, replace(LINE, net=Decimal("-100.00"), vat=Decimal("-21.00")))}, "gross"),
    ],
)
def test_a_fault_of_the_head_names_its_field(change: dict[str, Any], field: str) -> None:
    assert list(faults(replace(GOOD, **change))) == [field]


@pytest.mark.parametrize(
    "change",
    [
        {"net": Decimal("NaN")},
        {"net": Decimal("1e400")},
        {"net": Decimal("Infinity")},
        {"net": Decimal("0.001")},
        {"net": Decimal(0), "vat": Decimal(0)},
        {"recoverable": Decimal("22.00")},
        {"recoverable": Decimal("-1.00")},
        {"description": "x" * 401},
        {"account_id": 1},
        {"month": date(2026, 3, 1)},
    ],
)
def test_a_fault_of_a_line_names_its_line(change: dict[str, Any]) -> None:
    found = faults(replace(GOOD, lines=(LINE, replace(LINE, **change))))
    assert list(found) == ["lines.2"]
    assert found["lines.2"].startswith("Line 2: ")


def test_a_credit_note_is_taken() -> None:
    assert faults(replace(GOOD, lines=(replace(LINE, net=Decimal("-100.00"), vat=Decimal("-21.00")),))) == {}
