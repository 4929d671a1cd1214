"""The entries that a figure is made of."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from budgets.models import Bucket

MOST = 20


@dataclass(frozen=True, slots=True)
class Spend:
    """An entry of spend. `said` is what it, its journal or its account is called. In the account's currency."""

    id: int
    journal_id: int
    account_id: int
    month: date
    amount: Decimal
    memo: str
    recorded_at: datetime
    said: str


def latest_spend(accounts: list[int], month: date) -> list[Spend]:
    """Return the newest spend of some accounts to the end of `month`, at most twenty entries."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"accounts": accounts, "bucket": Bucket.SPENT.value, "month": month, "most": MOST})
        return [Spend(*row) for row in cursor.fetchall()]


# Each account's newest by its index, and the newest of these: what it costs does not grow with the ledger.
_NEWEST = """
WITH newest AS MATERIALIZED (
    SELECT e.* FROM unnest(%(accounts)s::bigint[]) AS a(id) CROSS JOIN LATERAL (
        SELECT x.id, x.journal_id, x.account_id, x.month, x.amount, x.memo, x.recorded_at FROM budgets_entry x
        WHERE x.account_id = a.id AND x.bucket = %(bucket)s AND x.month <= %(month)s
        ORDER BY x.month DESC, x.id DESC LIMIT %(most)s
    ) e ORDER BY e.month DESC, e.id DESC LIMIT %(most)s
)
SELECT e.*, coalesce(nullif(e.memo, ''), nullif(j.memo, ''), a.name)
FROM newest e JOIN budgets_journal j ON j.id = e.journal_id JOIN budgets_fundsaccount a ON a.id = e.account_id
ORDER BY e.month DESC, e.id DESC
"""
