"""The entries that a figure is made of."""

from datetime import date

from budgets.models import Bucket, Budget, Entry

MOST = 20


def latest_spend(budget: Budget, month: date, *, category_path: str) -> list[Entry]:
    """Return the newest spend of a category to the end of `month`, at most twenty entries."""
    entries = Entry.objects.filter(account__budget=budget, account__category__path__startswith=category_path, bucket=Bucket.SPENT)
    return list(entries.filter(month__lte=month).select_related("journal", "account").order_by("-month", "-id")[:MOST])
