"""The entries that a figure is made of."""

from datetime import date

from budgets.models import Bucket, Entry

MOST = 20


def latest_spend(accounts: list[int], month: date) -> list[Entry]:
    """Return the newest spend of some accounts to the end of `month`, at most twenty entries."""
    entries = Entry.objects.filter(account_id__in=accounts, bucket=Bucket.SPENT)
    return list(entries.filter(month__lte=month).select_related("journal", "account").order_by("-month", "-id")[:MOST])
