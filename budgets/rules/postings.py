"""What can be posted: an amount that moves in one bucket of one account in one month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.errors import InvalidInput

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 15
BUCKETS = ("allotted", "reserved", "committed", "spent", "paid")
LONGEST = {"thread": 80, "memo": 300}


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount that moves in one bucket of one account in one month.

    `amount` is in the account's currency, to the cent, signed and never zero; `month` is the first day of its month;
    `thread` ties together what happens to one line of a document.
    """

    account_id: int
    month: date
    bucket: str
    amount: Decimal
    thread: str = ""
    memo: str = ""


def as_json(posting: Posting) -> dict[str, Any]:
    """Return the posting as the posting function takes it. Raises InvalidInput for what cannot be posted."""
    check_amount(posting.amount)
    if posting.bucket not in BUCKETS:
        raise InvalidInput(f"“{posting.bucket}” is not a bucket.", remedy=f"Use one of {', '.join(BUCKETS)}.")
    if posting.month.day != 1:
        raise InvalidInput("A posting month is the first day of its month.", remedy=f"Use {posting.month.replace(day=1)}.")
    check_texts({"thread": posting.thread, "memo": posting.memo}, LONGEST)
    return {
        "account": posting.account_id,
        "month": posting.month.isoformat(),
        "bucket": posting.bucket,
        "amount": str(posting.amount),
        "thread": posting.thread,
        "memo": posting.memo,
    }


def check_amount(amount: Decimal) -> None:
    """Raise InvalidInput unless the amount is finite, not zero, to the cent, and below 10^15."""
    if not amount.is_finite() or amount == 0 or abs(amount) >= LARGEST or amount != amount.quantize(CENT):
        raise InvalidInput(
            f"{amount} is not an amount that can be posted.",
            remedy="State an amount to the cent, not zero.",
            code="invalid_amount",
        )


def check_texts(texts: Mapping[str, str], longest: Mapping[str, int]) -> None:
    """Raise InvalidInput for a text that is longer than the ledger keeps, or that holds a NUL."""
    for name, text in texts.items():
        if len(text) > longest[name] or "\x00" in text:
            raise InvalidInput(
                f"The {name} of a posting is too long, or is not text.", remedy=f"Keep it under {longest[name]} characters."
            )
