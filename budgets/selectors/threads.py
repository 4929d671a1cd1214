"""Where the money of a document's line lies, whichever journals put it there."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from budgets.models import Bucket, Entry
from budgets.rules.settling import Part
from budgets.selectors.journal_states import PENDING_BUCKETS


def parts_of_thread(thread: str) -> list[Part]:
    """Return what a document's line holds for later, by account, bucket and month."""
    return [part for part in _on_thread(thread, PENDING_BUCKETS) if part.amount > 0]


def spent_on_thread(thread: str) -> list[Part]:
    """Return where the spend of a document's line lies now, by account and month; a credit's is less than nothing.

    Where it was taken off an account in another month than it was spent in, the account bears nothing any more.
    """
    parts = _on_thread(thread, (Bucket.SPENT.value,))
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        totals[part.account_id] += part.amount
    return [part for part in parts if part.amount and totals[part.account_id]]


def _on_thread(thread: str, buckets: Iterable[str]) -> list[Part]:
    rows = Entry.objects.filter(thread=thread, bucket__in=list(buckets)).exclude(thread="")
    places = rows.order_by("account_id", "bucket", "month").values_list("account_id", "bucket", "month")
    sums = places.annotate(total=Sum("amount"))
    return [Part(account, bucket, thread, month, total) for account, bucket, month, total in sums]
