"""The figures of accounts as they stood at a past moment.

The moment is that of recording; the posting month is another matter: what was posted yesterday into January shows in January's
figures as of today, and not in those as of last week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from budgets.rules.postings import BUCKETS
from budgets.selectors.balances import Figures
from core import clock
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
    stand = _stand(moment)
    _refuse_from(stand.settled_before, moment)
    accounts = list(account_ids)
    span = {"first": month or date.min, "last": min(through or date.max, month or date.max)}
    statement = (_SINCE if stand.is_recent else _UNTIL)[len(accounts) * 2 > stand.accounts]
    with connection.cursor() as cursor:
        cursor.execute(statement, {"accounts": accounts, "moment": moment, **span})
        by_month = {(account_id, posted_in): Figures(*sums) for account_id, posted_in, *sums in cursor if any(sums)}
    return AsOf(moment, stand.settled_before, by_month)


def refuse_unsettled(moment: datetime) -> None:
    """Refuse a moment to which something may still be posted. Raises WrongState (not_settled)."""
    _refuse_from(_stand(moment).settled_before, moment)


def last_settled() -> datetime:
    """Return the last moment to which nothing can be posted any more."""
    return _stand(clock.now()).settled_before - timedelta(microseconds=1)


def _refuse_from(settled_before: datetime, moment: datetime) -> None:
    if moment >= settled_before:
        raise WrongState(
            "What is being posted now may still belong to that moment.",
            remedy=f"Ask for a moment before {settled_before:%Y-%m-%d %H:%M:%S} UTC.",
            code="not_settled",
            details={"settled_before": settled_before.isoformat()},
        )


class _Stand(NamedTuple):
    """What tells the shortest statement: was less recorded after the moment than up to it, and how many accounts are there."""

    settled_before: datetime
    is_recent: bool
    accounts: int


def _stand(moment: datetime) -> _Stand:
    """Return where the ledger stands; all before `settled_before` stays as it is.

    Must be a statement of its own, before the one that reads: what is in flight now may be in that one, but not after it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAND)
        settled_before, first, last, accounts = cursor.fetchone()
    return _Stand(settled_before, first is not None and last - moment < moment - first, accounts)


# Ids follow moments nearly enough to tell which way is shorter; either gives the same figures.
_STAND = """
SELECT budgets_settled_before(), (SELECT recorded_at FROM budgets_entry ORDER BY id LIMIT 1),
       (SELECT recorded_at FROM budgets_entry ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM budgets_fundsaccount)
"""
_SUMS = ", ".join(f"coalesce(sum(amount) FILTER (WHERE bucket = '{name}'), 0.00) AS {name}" for name in BUCKETS)
_OF_THEM = "account_id IN (SELECT unnest(%(accounts)s::bigint[]))"
_IN_SPAN = "month BETWEEN %(first)s AND %(last)s"


def _until(which: str) -> str:
    return f"""
SELECT account_id, month, {", ".join(BUCKETS)}
FROM (SELECT account_id, month, {_SUMS} FROM budgets_entry WHERE {which} AND recorded_at <= %(moment)s
      GROUP BY account_id, month) e
WHERE {_OF_THEM}
"""  # noqa: S608  constants


def _since(which: str) -> str:
    """One statement, so that balances and entries are of one snapshot."""
    return f"""
SELECT b.account_id, b.month, {", ".join(f"b.{name} - coalesce(e.{name}, 0.00)" for name in BUCKETS)}
FROM (SELECT * FROM budgets_balance WHERE {_OF_THEM} AND {_IN_SPAN}) b
LEFT JOIN (SELECT account_id, month, {_SUMS} FROM budgets_entry WHERE {which} AND recorded_at > %(moment)s
           GROUP BY account_id, month) e USING (account_id, month)
"""  # noqa: S608  constants


# First for some accounts, each looked up in the index of accounts with all its years; then for most of them, where adding up
# everybody's entries of the days in question, a few pages one after the other, takes a third of the time.
_WHICH = (f"{_OF_THEM} AND {_IN_SPAN}", _IN_SPAN)
_UNTIL = tuple(_until(which) for which in _WHICH)
_SINCE = tuple(_since(which) for which in _WHICH)
