"""The figures of accounts as they stood at a past moment.

The moment is that of recording; the posting month is another matter: what was posted yesterday into January shows in January's
figures as of today, and not in those as of last week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from budgets.rules.postings import BUCKETS
from budgets.selectors.balances import Figures
from core.errors import WrongState


@dataclass(frozen=True, slots=True)
class AsOf:
    """What accounts held at `moment`, by account and posting month; where all is zero there is nothing.

    `settled_before` is the moment before which nothing could be posted any more when this was read. `moment` lies before it, so
    these figures stay as they are.
    """

    moment: datetime
    settled_before: datetime
    by_month: dict[tuple[int, date], Figures]

    def by_account(self) -> dict[int, Figures]:
        """Return the sum of each account's months."""
        sums: dict[int, Figures] = {}
        for (account_id, _), figures in self.by_month.items():
            sums[account_id] = sums.get(account_id, Figures()) + figures
        return sums


def figures_as_of(
    account_ids: Iterable[int], *, moment: datetime, through: date | None = None, month: date | None = None
) -> AsOf:
    """Return what was recorded up to `moment` (included): of all months, of one `month`, or of all `through` a month (included).

    Raises WrongState (not_settled) for a moment at which something may still be posted: one to come, or one after a posting began
    that has not ended yet. Amounts are in each account's currency.
    """
    settled_before, is_recent = _stand(moment)
    if moment >= settled_before:
        raise WrongState(
            "What is being posted now may still belong to that moment.",
            remedy=f"Ask for a moment before {settled_before:%Y-%m-%d %H:%M:%S} UTC.",
            code="not_settled",
            details={"settled_before": settled_before.isoformat()},
        )
    span = {"first": month or date.min, "last": min(through or date.max, month or date.max)}
    with connection.cursor() as cursor:
        cursor.execute(_SINCE if is_recent else _UNTIL, {"accounts": list(account_ids), "moment": moment, **span})
        by_month = {(account_id, posted_in): Figures(*sums) for account_id, posted_in, *sums in cursor if any(sums)}
    return AsOf(moment, settled_before, by_month)


def _stand(moment: datetime) -> tuple[datetime, bool]:
    """Return the moment before which all is settled, and whether less was recorded after `moment` than up to it.

    Must be a statement of its own, before the one that reads: what is in flight now may be in that one, but not after it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAND)
        settled_before, first, last = cursor.fetchone()
    return settled_before, first is not None and last - moment < moment - first


# Ids follow moments nearly enough to tell which way is shorter; either gives the same figures.
_STAND = """
SELECT budgets_settled_before(), (SELECT recorded_at FROM budgets_entry ORDER BY id LIMIT 1),
       (SELECT recorded_at FROM budgets_entry ORDER BY id DESC LIMIT 1)
"""
_SUMS = ", ".join(f"coalesce(sum(amount) FILTER (WHERE bucket = '{name}'), 0.00) AS {name}" for name in BUCKETS)
# A join with the ids, not ANY: of a thousand ids the planner would look each one up in the index of accounts, all years of it,
# instead of reading the few pages of the last days.
_WHERE = "account_id IN (SELECT unnest(%(accounts)s::bigint[])) AND month BETWEEN %(first)s AND %(last)s"
_UNTIL = f"""
SELECT account_id, month, {_SUMS} FROM budgets_entry WHERE {_WHERE} AND recorded_at <= %(moment)s GROUP BY account_id, month
"""  # noqa: S608  constants
# One statement, so that balances and entries are of one snapshot.
_SINCE = f"""
SELECT b.account_id, b.month, {", ".join(f"b.{name} - coalesce(e.{name}, 0.00)" for name in BUCKETS)}
FROM (SELECT * FROM budgets_balance WHERE {_WHERE}) b
LEFT JOIN (SELECT account_id, month, {_SUMS} FROM budgets_entry WHERE {_WHERE} AND recorded_at > %(moment)s
           GROUP BY account_id, month) e USING (account_id, month)
"""  # noqa: S608  constants
