"""What the change that is running has moved in the ledger, line by line."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from budgets.models import Balance, Entry, FundsAccount, Journal
from budgets.rules.postings import BUCKETS
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.budgets import READING
from core import correlation
from core.models import User
from core.rules.rights import Right
from core.trials import Effects, Moved, Told

Place = tuple[int, date, str]
ZERO = Decimal(0)


def watch_ledger() -> Told:
    """Note where the ledger ends. What is returned says what was posted since by this very change, and no other's."""
    last = Journal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    change = correlation.current()

    def told(person: User | None) -> Effects:
        moved = _moved(last, change)
        accounts = _readable({account for account, _, _ in moved}, person)
        standing = _standing(moved)
        shown = [_told(accounts[place[0]], place, by, standing[place]) for place, by in moved.items() if place[0] in accounts]
        shown.sort(key=lambda each: (each.budget, each.cost_centre, each.category, each.month, BUCKETS.index(each.bucket)))
        return Effects(shown, len(moved) - len(shown))

    return told


def _moved(last: int, change: str) -> dict[Place, Decimal]:
    journals = Journal.objects.filter(pk__gt=last, correlation_id=change).order_by("pk")
    rows = Entry.objects.filter(journal_id__in=list(journals.values_list("pk", flat=True))).order_by()
    sums = rows.values_list("account_id", "month", "bucket").annotate(total=Sum("amount"))
    return {(account, month, bucket): total for account, month, bucket, total in sums if total}


def _readable(ids: Iterable[int], person: User | None) -> dict[int, FundsAccount]:
    if person is None:
        rows = FundsAccount.objects.select_related("budget", "cost_centre", "category")
    else:
        # Whoever may ask money of a line is told what is left of it wherever they ask.
        rows = accounts_in_reach(person, *READING, Right.REQUEST)
    return {account.pk: account for account in rows.filter(pk__in=list(ids))}


def _standing(moved: Iterable[Place]) -> dict[Place, Decimal]:
    """Return what stands now, the change with it."""
    places = list(moved)
    rows = Balance.objects.filter(
        account_id__in={account for account, _, _ in places}, month__in={month for _, month, _ in places}
    )
    found = {(row.account_id, row.month): row for row in rows}
    return {(account, month, bucket): getattr(found.get((account, month)), bucket, ZERO) for account, month, bucket in places}


def _told(account: FundsAccount, place: Place, by: Decimal, after: Decimal) -> Moved:
    _, month, bucket = place
    return Moved(
        budget=account.budget.code,
        cost_centre=account.cost_centre.code,
        category=account.category.code,
        line=account.name,
        month=month,
        bucket=bucket,
        before=after - by,
        after=after,
        currency=account.currency,
    )
