"""Two versions of a budget beside each other, and what was spent beside its baselines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from budgets.models import Balance, Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion
from budgets.rules.achieving import achieved
from budgets.selectors.budgets import READING
from budgets.selectors.overview import accounts_of, reads_whole
from core.access import paths_of
from core.models import User

ZERO = Decimal("0.00")
WHOLE = ("/",)
MOST_COLUMNS = 6
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Compared:
    """An amount in both versions, in the budget's currency; None where it is not there."""

    name: str
    before: Decimal | None
    after: Decimal | None
    note: str = ""

    @property
    def by(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)

    @property
    def share(self) -> Decimal | None:
        """By how much it differs, as a share of what it was, in per cent; None where it was nothing."""
        return self.by * HUNDRED / self.before if self.before else None

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class MonthCompared:
    """A month in both versions: each of the categories that differ, then all together."""

    month: date
    cells: list[Compared]
    total: Compared


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions beside each other."""

    before: BudgetVersion
    after: BudgetVersion
    categories: list[Compared]
    lines: list[Compared]
    months: list[MonthCompared]
    columns: list[str]
    total: Compared

    @property
    def changed_lines(self) -> list[Compared]:
        return [line for line in self.lines if line.differs]

    @property
    def changed_months(self) -> list[MonthCompared]:
        return [row for row in self.months if row.total.differs or any(cell.differs for cell in row.cells)]


@dataclass(frozen=True, slots=True)
class Variance:
    """What was spent to date in a category beside what two baselines planned to date. More is unfavourable."""

    name: str
    original: Decimal
    current: Decimal
    spent: Decimal

    @property
    def against_original(self) -> Decimal:
        return self.spent - self.original

    @property
    def against_current(self) -> Decimal:
        return self.spent - self.current

    @property
    def achieved(self) -> Decimal | None:
        """What was spent in per cent of the current baseline to date; None where that is zero."""
        return achieved(self.current, self.spent)


def compare_for(user: User, before: BudgetVersion, after: BudgetVersion) -> Comparison:
    """Compare two versions as far as the reader's role reaches; envelopes are shown to who reads the whole budget only."""
    budget = after.budget
    if reads_whole(user, budget):
        return compare(before, after)
    return compare(before, after, paths=paths_of(user, budget.entity, *READING), envelopes=False)


def compare(before: BudgetVersion, after: BudgetVersion, *, paths: Iterable[str] = WHOLE, envelopes: bool = True) -> Comparison:
    """Compare two versions of a budget: categories by their envelopes, else by their lines; lines; months."""
    reach = tuple(paths)
    old, new = _lines(before, reach), _lines(after, reach)
    tops = (_envelopes(before), _envelopes(after)) if envelopes else ({}, {})
    categories = _categories(tops, _by_category(old), _by_category(new))
    months_old, months_new = _months(before, reach), _months(after, reach)
    names = sorted({name for name, _ in {**months_old, **months_new}})
    changed = [name for name in names if _moved(name, months_old, months_new)]
    columns = changed if len(changed) <= MOST_COLUMNS else []
    return Comparison(
        before=before,
        after=after,
        categories=categories,
        lines=[Compared(key[1], old.get(key), new.get(key), f"{key[0]} · {key[2]}") for key in dict.fromkeys([*old, *new])],
        months=_rows(months_old, months_new, columns),
        columns=columns,
        total=_total(before, after, tops, old, new),
    )


def variance_of(user: User, budget: Budget, *, today: date) -> list[Variance]:
    """Return what was spent to date beside the original and the current baseline, by category, as far as one may read."""
    baselines = list(budget.versions.filter(is_baseline=True).order_by("in_force_at", "number"))
    if not baselines:
        return []
    reach = WHOLE if reads_whole(user, budget) else tuple(paths_of(user, budget.entity, *READING))
    original, current = (_to_date(version, reach, today) for version in (baselines[0], baselines[-1]))
    spent = _spent(user, budget, today)
    names = sorted({*original, *current, *spent})
    return [Variance(name, original.get(name, ZERO), current.get(name, ZERO), spent.get(name, ZERO)) for name in names]


LineKey = tuple[str, str, str]
MonthKey = tuple[str, date]


def _lines(version: BudgetVersion, paths: tuple[str, ...]) -> dict[LineKey, Decimal]:
    rows = BudgetLine.objects.filter(version=version).order_by("category__path", "id")
    values = rows.values_list("category__name", "name", "cost_centre__code", "amount", "cost_centre__path")
    return {(row[0], row[1], row[2]): row[3] for row in values if row[4].startswith(paths)}


def _by_category(lines: Mapping[LineKey, Decimal]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for (category, _, _), amount in lines.items():
        found[category] += amount
    return found


def _envelopes(version: BudgetVersion) -> dict[str, Decimal]:
    rows = BudgetCategory.objects.filter(version=version).order_by("category__path")
    return dict(rows.values_list("category__name", "amount"))


def _categories(
    tops: tuple[Mapping[str, Decimal], Mapping[str, Decimal]], old: Mapping[str, Decimal], new: Mapping[str, Decimal]
) -> list[Compared]:
    names = dict.fromkeys([*tops[0], *tops[1], *old, *new])
    return [Compared(name, tops[0].get(name, old.get(name)), tops[1].get(name, new.get(name))) for name in names]


def _total(
    before: BudgetVersion,
    after: BudgetVersion,
    tops: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
    old: Mapping[LineKey, Decimal],
    new: Mapping[LineKey, Decimal],
) -> Compared:
    if any(tops):
        return Compared("The whole budget", before.total, after.total)
    return Compared("Your part", sum(old.values(), ZERO), sum(new.values(), ZERO))


def _months(version: BudgetVersion, paths: tuple[str, ...]) -> dict[MonthKey, Decimal]:
    rows = BudgetLineMonth.objects.filter(line__version=version).order_by("month")
    found: dict[MonthKey, Decimal] = defaultdict(Decimal)
    for name, month, amount, path in rows.values_list("line__category__name", "month", "amount", "line__cost_centre__path"):
        if path.startswith(paths):
            found[name, month] += amount
    return found


def _moved(name: str, old: Mapping[MonthKey, Decimal], new: Mapping[MonthKey, Decimal]) -> bool:
    months = {month for each, month in {**old, **new} if each == name}
    return any(old.get((name, month)) != new.get((name, month)) for month in months)


def _rows(old: Mapping[MonthKey, Decimal], new: Mapping[MonthKey, Decimal], columns: list[str]) -> list[MonthCompared]:
    months = sorted({month for _, month in {**old, **new}})
    return [
        MonthCompared(
            month,
            [Compared(name, old.get((name, month), ZERO), new.get((name, month), ZERO)) for name in columns],
            Compared("All", _sum(old, month), _sum(new, month)),
        )
        for month in months
    ]


def _sum(months: Mapping[MonthKey, Decimal], wanted: date) -> Decimal:
    return sum((amount for (_, month), amount in months.items() if month == wanted), ZERO)


def _to_date(version: BudgetVersion, paths: tuple[str, ...], today: date) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for (name, month), amount in _months(version, paths).items():
        if month <= today:
            found[name] += amount
    return found


def _spent(user: User, budget: Budget, today: date) -> dict[str, Decimal]:
    accounts = accounts_of(user, budget).order_by()
    rows = Balance.objects.filter(account_id__in=accounts.values("pk"), month__lte=today).order_by()
    sums = rows.values("account__category__name").annotate(total=Sum("spent"))
    return dict(sums.values_list("account__category__name", "total"))
