"""What changed at a budget between two moments of recording: line by line, and by what caused it.

Two stands of a budget tell that something changed; this adds up the entries recorded between them, so that each difference has
its journals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from budgets.models import Budget, Entry, FundsAccount, Journal
from budgets.rules.postings import BUCKETS
from budgets.selectors.as_of import figures_as_of, last_settled, refuse_unsettled
from budgets.selectors.balances import Figures
from budgets.selectors.overview import accounts_of
from core import clock
from core.errors import InvalidInput
from core.models import User

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that entries were recorded at in between. Amounts are in its account's currency."""

    account: FundsAccount
    before: Figures
    change: Figures
    journals: int

    @property
    def after(self) -> Figures:
        """What it held at the later moment."""
        return self.before + self.change


@dataclass(frozen=True, slots=True)
class Cause:
    """What the journals of one kind changed, over all lines."""

    kind: str
    label: str
    change: Figures
    journals: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What was recorded after `since`, up to `until` (included), as far as the reader's role reaches.

    `before` and `after` are of all lines, those included at which nothing was recorded; these are counted as `untouched`.
    """

    since: datetime
    until: datetime
    through: date | None
    before: Figures
    lines: Sequence[ChangedLine]
    causes: Sequence[Cause]
    untouched: int

    @property
    def change(self) -> Figures:
        """The sum of what changed."""
        return sum((line.change for line in self.lines), Figures())

    @property
    def after(self) -> Figures:
        """What all lines held at the later moment."""
        return self.before + self.change


def changes_between(
    user: User, budget: Budget, *, since: datetime | None = None, until: datetime | None = None, through: date | None = None
) -> Changes:
    """Return what changed after `since` up to `until`, or up to the last moment that stands; of all months or `through` one.

    Without `since`, what changed since this month began. Raises InvalidInput (moments_swapped) where the span ends before it
    begins, WrongState (not_settled) for a moment to which something may still be posted.
    """
    since = since or before_this_month(budget)
    end = until or max(last_settled(), since)
    if end < since:
        said = "The span ends before it begins."
        raise InvalidInput(said, remedy="Swap the two moments.", code="moments_swapped", details={"until": said})
    refuse_unsettled(end)
    accounts = list(accounts_of(user, budget))
    before = figures_as_of([account.pk for account in accounts], moment=since, through=through).by_account()
    entries = Entry.objects.filter(account__in=accounts, recorded_at__gt=since, recorded_at__lte=end)
    if through is not None:
        entries = entries.filter(month__lte=through)
    by_account = dict(_sums(entries, "account_id"))
    lines = [
        ChangedLine(account, before.get(account.pk, Figures()), *by_account[account.pk])
        for account in accounts
        if account.pk in by_account
    ]
    labels = dict(Journal.Kind.choices)
    causes = [Cause(kind, labels[kind], *found) for kind, found in _sums(entries, "journal__kind")]
    return Changes(
        since,
        end,
        through,
        sum(before.values(), Figures()),
        lines,
        sorted(causes, key=lambda cause: (-cause.journals, cause.kind)),
        len(accounts) - len(lines),
    )


def before_this_month(budget: Budget) -> datetime:
    """Return the last moment before this month, where the budget's organization is."""
    today: datetime = clock.now().astimezone(ZoneInfo(budget.entity.time_zone))
    return today.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=1)


def _sums(entries: QuerySet[Entry], by: str) -> list[tuple[Any, tuple[Figures, int]]]:
    """Return for each value of `by` what the entries add up to, and of how many journals they are."""
    sums = {name: Sum("amount", filter=Q(bucket=name), default=ZERO) for name in BUCKETS}
    rows = entries.order_by().values(by).annotate(journals=Count("journal_id", distinct=True), **sums)
    return [(key, (Figures(*found), journals)) for key, journals, *found in rows.values_list(by, "journals", *BUCKETS)]
