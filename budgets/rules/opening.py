"""Opening balances: what an old system says of each budget line, and the sums it says beside."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from budgets.rules.postings import CENT, LARGEST
from core.errors import InvalidInput

BUCKETS = ("allotted", "committed", "spent", "paid")
LONGEST_SOURCE = 40
ZERO = Decimal(0)
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """What was allotted, committed, spent, and paid of that, on one account, in its currency. One row an open order.

    `reference` is what the old system calls the commitment.
    """

    account_id: int
    allotted: Decimal = ZERO
    committed: Decimal = ZERO
    spent: Decimal = ZERO
    paid: Decimal = ZERO
    reference: str = ""


def check_source(name: str) -> None:
    """Raise InvalidInput unless the old system's name is plain and short enough for the threads it becomes part of."""
    if len(name) > LONGEST_SOURCE or not _SOURCE.fullmatch(name):
        raise InvalidInput(
            f"“{name[:60]}” cannot name the old system.",
            remedy=f"Use up to {LONGEST_SOURCE} letters, digits, blanks, dots, dashes and underscores.",
            details={"source_name": "not a plain name"},
        )


def check_rows(rows: Sequence[OpeningRow]) -> None:
    """Raise InvalidInput for an amount that cannot be posted, or a commitment below nothing; `details` by row and column."""
    wrong = {
        f"rows.{number}.{bucket}": "State an amount to the cent." if bucket != "committed" else "State an amount above zero."
        for number, row in enumerate(rows)
        for bucket in BUCKETS
        if not _is_fine(getattr(row, bucket), allow_negative=bucket != "committed")
    }
    if wrong or not rows:
        raise InvalidInput("Some amounts cannot be opened with.", remedy="Correct them and try again.", details=wrong)


def _is_fine(amount: Decimal, *, allow_negative: bool) -> bool:
    if not amount.is_finite() or abs(amount) >= LARGEST or amount != amount.quantize(CENT):
        return False
    return allow_negative or amount >= 0


def check_totals(rows: Sequence[OpeningRow], totals: Mapping[str, Decimal]) -> None:
    """Raise InvalidInput unless the rows add up, to the cent, to the old system's own sums; `details` by bucket."""
    unknown = set(totals) - set(BUCKETS)
    wrong = dict.fromkeys(unknown, "There is no such sum.")
    for bucket in BUCKETS:
        total, stated = sum((getattr(row, bucket) for row in rows), ZERO), totals.get(bucket, ZERO)
        if total != stated:
            wrong[bucket] = f"The rows add up to {total:,.2f}; {stated:,.2f} is stated."
    if wrong:
        raise InvalidInput(
            "The rows do not add up to the sums that are stated beside them.",
            remedy="Compare them with the old system; nothing was opened.",
            code="control_total",
            details=wrong,
        )
