"""The sums a report is made of, read from the stored balances: a few queries whatever the ledger's length.

A past moment is the balances less the entries recorded since.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from budgets.models import Balance, Budget, Entry, Link
from core.money import CENT
from reporting.rules.figures import ZERO, Figures

BUCKETS = ("allotted", "reserved", "committed", "spent", "paid")


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """A funds account's place and its figures."""

    account_id: int
    name: str
    category_code: str
    category_name: str
    category_path: str
    centre_code: str
    centre_name: str
    centre_path: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Head:
    """The end of an account's chain, and its last journal."""

    account_id: int
    account: str
    seq: int
    hash: str
    journal_id: int


MonthSums = dict[tuple[str, date], tuple[Decimal, Decimal]]
SUMS = {
    "plan_to_date": "allotted",
    "actual_to_date": "spent",
    "plan_total": "allotted",
    "actual_total": "spent",
    "reserved": "reserved",
    "committed": "committed",
    "paid": "paid",
}


def sums_by(balances: QuerySet[Balance], month: date, *places: str) -> list[tuple[tuple[Any, ...], Figures]]:
    """Return the figures to the end of `month` and in all, summed by `places`, in their order."""
    rows: Iterable[dict[str, Any]] = balances.order_by(*places).values(*places).annotate(**_sums(Q(month__lte=month)))
    return [(tuple(row[place] for place in places), _figures(row)) for row in rows]


def _sums(until: Q) -> dict[str, Any]:
    windows = {name: until if name.endswith("_to_date") else None for name in SUMS}
    return {f"sum_{name}": Coalesce(Sum(bucket, filter=windows[name]), ZERO) for name, bucket in SUMS.items()}


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(**{name: row[f"sum_{name}"].quantize(CENT) for name in SUMS})


def accounts_of(budget: Budget, month: date, *, as_of: datetime | None = None, category: str = "") -> list[AccountFigures]:
    """Return every account of `budget`, or of one category of it, with its figures to the end of `month` and in all."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"budget": budget.pk, "entity": budget.entity_id, "month": month, "category": category})
        rows = cursor.fetchall()
    accounts = [AccountFigures(*(*row[:_PLACES], Figures(*row[_PLACES:]))) for row in rows]
    accounts.sort(key=lambda each: (each.category_path, each.centre_path))
    if as_of is None:
        return accounts
    later = _later_by_account(budget, month, as_of)
    return [replace(each, figures=_less(each.figures, later.get(each.account_id))) for each in accounts]


def months_of(told: list[dict[str, str]], budget: Budget, *, as_of: datetime | None = None) -> MonthSums:
    """Return plan and actual by (category path, month)."""
    sums: MonthSums = {
        (row["path"], date.fromisoformat(row["month"])): (Decimal(row["plan"]), Decimal(row["actual"])) for row in told
    }
    if as_of is None:
        return sums
    for (path, month), buckets in _later_by_month(budget, as_of).items():
        plan, actual = sums.get((path, month), (ZERO, ZERO))
        sums[path, month] = (plan - buckets["allotted"], actual - buckets["spent"])
    return sums


def heads_of(budget: Budget) -> list[Head]:
    """Return the end of each account's chain: what a pack is anchored by."""
    ends = Link.objects.filter(account__budget=budget, seq=F("account__seq")).order_by("account_id")
    return [
        Head(
            link.account_id,
            f"{link.account.cost_centre.code}/{link.account.category.code}",
            link.seq,
            bytes(link.hash).hex(),
            link.journal_id,
        )
        for link in ends.select_related("account__cost_centre", "account__category")
    ]


def _later(budget: Budget, as_of: datetime) -> Iterable[tuple[int, str, date, str, Decimal]]:
    rows = Entry.objects.filter(account__budget=budget, recorded_at__gt=as_of)
    return rows.values_list("account_id", "account__category__path", "month", "bucket").annotate(Sum("amount"))


def _later_by_account(budget: Budget, month: date, as_of: datetime) -> dict[int, Figures]:
    moved: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for account_id, _, posted_in, bucket, amount in _later(budget, as_of):
        moved[account_id][bucket] += amount
        if posted_in <= month:
            moved[account_id][f"{bucket}_to_date"] += amount
    return {
        account_id: Figures(
            plan_to_date=sums["allotted_to_date"],
            actual_to_date=sums["spent_to_date"],
            plan_total=sums["allotted"],
            actual_total=sums["spent"],
            reserved=sums["reserved"],
            committed=sums["committed"],
            paid=sums["paid"],
        )
        for account_id, sums in moved.items()
    }


def _later_by_month(budget: Budget, as_of: datetime) -> dict[tuple[str, date], dict[str, Decimal]]:
    moved: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(BUCKETS, ZERO))
    for _, path, month, bucket, amount in _later(budget, as_of):
        moved[path, month][bucket] += amount
    return moved


def _less(figures: Figures, later: Figures | None) -> Figures:
    if later is None:
        return figures
    return Figures(**{name: getattr(figures, name) - getattr(later, name) for name in Figures.__slots__})


# How many columns say where an account lies; the sums follow in the order of Figures.
_PLACES = 8
# As the surroundings are, in the database's own words.
_ACCOUNTS = """
SELECT a.id, a.name, c.code, c.name, c.path, n.code, n.name, n.path,
       b.plan_to_date, b.actual_to_date, b.plan_total, b.actual_total, b.reserved, b.committed, b.paid
FROM budgets_fundsaccount a
JOIN budgets_category c ON c.id = a.category_id
JOIN budgets_costcentre n ON n.id = a.cost_centre_id
JOIN (
    SELECT x.account_id,
           coalesce(sum(x.allotted) FILTER (WHERE x.month <= %(month)s), 0.00) AS plan_to_date,
           coalesce(sum(x.spent) FILTER (WHERE x.month <= %(month)s), 0.00) AS actual_to_date,
           sum(x.allotted) AS plan_total, sum(x.spent) AS actual_total,
           sum(x.reserved) AS reserved, sum(x.committed) AS committed, sum(x.paid) AS paid
    FROM budgets_balance x
    WHERE x.account_id = ANY (ARRAY(
        SELECT within.id FROM budgets_fundsaccount within JOIN budgets_category at ON at.id = within.category_id
        WHERE within.budget_id = %(budget)s AND (%(category)s = '' OR starts_with(at.path, (
            SELECT named.path FROM budgets_category named WHERE named.entity_id = %(entity)s AND named.code = %(category)s)))))
    GROUP BY x.account_id
) b ON b.account_id = a.id
"""
