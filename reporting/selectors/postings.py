"""The entries that a figure is made of."""

from datetime import date

from django.db.models.expressions import RawSQL

from budgets.models import Bucket, Entry

MOST = 20


def latest_spend(accounts: list[int], month: date) -> list[Entry]:
    """Return the newest spend of some accounts to the end of `month`, at most twenty entries."""
    newest = RawSQL(_NEWEST, [accounts, Bucket.SPENT, month, MOST, MOST])  # noqa: S611  a constant text, its values bound
    return list(Entry.objects.filter(pk__in=newest).select_related("journal", "account").order_by("-month", "-id"))


# Each account's newest by its index, and the newest of these: what it costs does not grow with the ledger.
_NEWEST = """
SELECT e.id FROM unnest(%s::bigint[]) AS a(id) CROSS JOIN LATERAL (
    SELECT x.id, x.month FROM budgets_entry x
    WHERE x.account_id = a.id AND x.bucket = %s AND x.month <= %s ORDER BY x.month DESC, x.id DESC LIMIT %s
) e ORDER BY e.month DESC, e.id DESC LIMIT %s
"""
