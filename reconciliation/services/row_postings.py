"""What a row of a ledger posts, and what takes it back."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from budgets.locks import keep_structure
from budgets.selectors.threads import spent_on_thread
from budgets.services.ledger import Posting
from reconciliation.models import RawRow
from reconciliation.rules.problems import Coding


def thread_of(row: RawRow) -> str:
    """Return how the ledger's entries name a row."""
    return f"raw-row:{row.pk}"


def posting_of(row: RawRow, coding: Coding) -> Posting:
    """Return the entry that spends a row."""
    return Posting(coding.account_id, coding.month, "spent", row.amount or Decimal(0), thread_of(row), memo_of(row))


def taken_back(row: RawRow, *, in_month: Callable[[date], date] = lambda month: month) -> list[Posting]:
    """Return the entries that take back what a row spent, where it lies now: it may have been re-coded since.

    `in_month` says in which month what lies in another is taken back. Until the transaction ends nothing of it is re-coded.
    """
    keep_structure()
    memo = f"Taken back: {memo_of(row)}"[:300]
    return [
        Posting(part.account_id, in_month(part.month), "spent", -part.amount, part.thread, memo)
        for part in spent_on_thread(thread_of(row))
    ]


def memo_of(row: RawRow) -> str:
    """Return what the entry says about the row: vendor, number, description."""
    said = row.fields | row.fixes
    return " · ".join(said[role] for role in ("vendor", "number", "description") if said.get(role))[:300]
