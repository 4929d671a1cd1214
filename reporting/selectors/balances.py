"""The sums a report is made of, read from the stored balances: a few queries whatever the ledger's length.

A past moment is the balances less the entries recorded since.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Max, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject

from budgets.models import Balance, Budget, Category, Entry, Link
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
PLACES = {
    "account_id": "account_id",
    "account__name": "name",
    "account__category__code": "category_code",
    "account__category__name": "category_name",
    "account__category__path": "category_path",
    "account__cost_centre__code": "centre_code",
    "account__cost_centre__name": "centre_name",
    "account__cost_centre__path": "centre_path",
}
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


def balances_of(budget: Budget, category: str = "") -> QuerySet[Balance]:
    """Return the balances of a budget: all, or those at and under the category with a code."""
    found = Balance.objects.filter(account__budget=budget)
    if not category:
        return found
    path = Category.objects.filter(entity=budget.entity_id, code=category).values("path")
    return found.filter(account__category__path__startswith=Subquery(path))


def accounts_of(budget: Budget, month: date, *, as_of: datetime | None = None, category: str = "") -> list[AccountFigures]:
    """Return every account of `budget`, or of one category of it, with its figures to the end of `month` and in all."""
    rows = sums_by(balances_of(budget, category), month, *PLACES)
    accounts = [AccountFigures(**dict(zip(PLACES.values(), place, strict=True)), figures=figures) for place, figures in rows]
    accounts.sort(key=lambda each: (each.category_path, each.centre_path))
    if as_of is None:
        return accounts
    later = _later_by_account(budget, month, as_of)
    return [replace(each, figures=_less(each.figures, later.get(each.account_id))) for each in accounts]


def month_sums(budget: Budget, category: str = "") -> ArraySubquery:
    """Return plan and actual by category and month as a column; `months_of` reads it."""
    rows = balances_of(budget, category).order_by().values("account__category__path", "month")
    told = JSONObject(
        path=F("account__category__path"), month=F("month"), plan=Cast("plan", TextField()), actual=Cast("actual", TextField())
    )
    return ArraySubquery(rows.annotate(plan=Sum("allotted"), actual=Sum("spent")).values(told=told))


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


def last_posting_of(budget: Budget, *, as_of: datetime | None = None) -> QuerySet[Any]:
    """Return when something was last posted to the budget, by `as_of` if given, as one row; it reads one link per account."""
    ends = Link.objects.filter(account__budget=budget).order_by()
    ends = ends.filter(seq=F("account__seq")) if as_of is None else ends.filter(journal__recorded_at__lte=as_of)
    return ends.annotate(every=Value(1)).values("every").annotate(last=Max("journal__recorded_at")).values("last")


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
