"""Which rows may give way to an invoice without a person."""

from decimal import Decimal

import pytest

from reconciliation.rules.same_document import Claim, Doubt, doubts

AMOUNTS = (Decimal("121.00"), Decimal("100.00"), Decimal("111.00"))
ERP, CARDS = 1, 2


def claim(ref: int, amount: str = "100.00", source: int = ERP) -> Claim:
    return Claim(ref, source, Decimal(amount))


@pytest.mark.parametrize(
    ("claims", "answered", "expected"),
    [
        ([claim(1)], [], {1: None}),
        ([claim(1, "121.00")], [], {1: None}),
        ([claim(1, "99.99")], [], {1: Doubt.AMOUNT}),
        ([claim(1), claim(2, "99.99")], [], {1: None, 2: Doubt.AMOUNT}),
        ([claim(1), claim(2)], [], {1: Doubt.SEVERAL, 2: Doubt.SEVERAL}),
        ([claim(1), claim(2, "121.00")], [], {1: Doubt.SEVERAL, 2: Doubt.SEVERAL}),
        ([claim(1), claim(2, source=CARDS)], [], {1: None, 2: None}),
        ([claim(1)], [ERP], {1: Doubt.SEVERAL}),
        ([claim(1)], [CARDS], {1: None}),
        ([claim(1, "-100.00")], [], {1: Doubt.AMOUNT}),
    ],
)
def test_only_one_row_of_a_source_with_the_amount(
    claims: list[Claim], answered: list[int], expected: dict[int, Doubt | None]
) -> None:
    assert doubts(claims, AMOUNTS, answered=answered) == expected
