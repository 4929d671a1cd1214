"""What the budget pages show: figures by budget, by category and by line, as far as the reader's role reaches."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Max, QuerySet, Sum

from budgets.models import Balance, Budget, BudgetVersion, Category, Finding, FundsAccount, Link, Period
from budgets.rules.health import TONES, Health, Rung, health_of, rungs_of, utilization
from budgets.rules.postings import BUCKETS
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.as_of import figures_as_of
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.budgets import READING, visible_budgets
from core.access import paths_of
from core.models import User

ZERO = Decimal("0.00")


@dataclass
class BudgetRow:
    """A budget in the list: its version in force, its figures within the reader's reach, how many findings it has."""

    budget: Budget
    figures: Figures
    version: BudgetVersion | None = None
    findings: int = 0
    whole: bool = True

    @property
    def health(self) -> Health:
        """How it stands, by what the reader sees of it."""
        return health_of(self.figures.allotted, self.figures.held, ladder=self.budget.ladder, in_force=self.version is not None)

    @property
    def rungs(self) -> list[Rung]:
        """The budget's ladder, with what each rung comes to of what the reader sees allotted."""
        return rungs_of(self.figures.allotted, self.budget.ladder, currency=self.budget.currency)

    @property
    def tone(self) -> str:
        """The tone in which pages say so."""
        return TONES[self.health]

    @property
    def utilization(self) -> Decimal | None:
        """What is held in per cent of what is allotted; None where nothing is."""
        return utilization(self.figures.allotted, self.figures.held)


@dataclass
class LineRow:
    """An account: one line of the budget page."""

    account: FundsAccount
    figures: Figures


@dataclass
class CategoryRow:
    """A category of the budget page: its envelope, what its lines add up to, and its accounts."""

    category: Category
    envelope: Decimal | None = None
    planned: Decimal | None = None
    lines: list[LineRow] = field(default_factory=list)

    @property
    def figures(self) -> Figures:
        return sum((line.figures for line in self.lines), Figures())

    @property
    def over(self) -> Decimal:
        """How much more the lines add up to than the envelope holds; zero or less where they fit."""
        return (self.planned or ZERO) - self.envelope if self.envelope is not None else ZERO


@dataclass(frozen=True)
class Fresh:
    """How fresh the figures are: final once every month of the budget is closed."""

    state: str
    as_of: datetime
    sources: list[tuple[str, datetime | None]]


def reads_whole(user: User, budget: Budget) -> bool:
    """Say whether the person's role reaches over all of the budget, not only over some of its cost centres."""
    return any(budget.cost_centre.path.startswith(path) for path in paths_of(user, budget.entity, *READING))


def accounts_of(user: User, budget: Budget) -> QuerySet[FundsAccount]:
    """Return the budget's accounts within the reader's reach, by category and name."""
    return accounts_in_reach(user, *READING).filter(budget=budget).order_by("category__path", "cost_centre__path", "name")


def _figures_by_budget(user: User, budgets: Iterable[Budget]) -> dict[int, Figures]:
    accounts = accounts_in_reach(user, *READING).filter(budget__in=list(budgets)).order_by()
    rows = Balance.objects.filter(account_id__in=accounts.values("pk")).values("account__budget_id")
    sums = rows.annotate(*(Sum(name) for name in BUCKETS)).values_list(
        "account__budget_id", *(f"{name}__sum" for name in BUCKETS)
    )
    return {row[0]: Figures(*row[1:]) for row in sums}


def budget_rows(user: User) -> list[BudgetRow]:
    """Return the budgets that the person may see, by code."""
    return rows_of_budgets(user, list(visible_budgets(user)))


def rows_of_budgets(user: User, budgets: list[Budget]) -> list[BudgetRow]:
    """Return budgets that the person may see with their figures."""
    figures = _figures_by_budget(user, budgets)
    versions = BudgetVersion.objects.filter(budget__in=budgets, state=BudgetVersion.State.IN_FORCE)
    in_force = {version.budget_id: version for version in versions.annotate(found=Count("findings"))}
    return [_budget_row(user, budget, figures.get(budget.pk, Figures()), in_force.get(budget.pk)) for budget in budgets]


def _budget_row(user: User, budget: Budget, figures: Figures, version: BudgetVersion | None) -> BudgetRow:
    whole = reads_whole(user, budget)
    findings = version.found if version is not None and whole else 0  # type: ignore[attr-defined]
    return BudgetRow(budget, figures, version, findings, whole)


def category_rows(
    user: User, budget: Budget, version: BudgetVersion | None, *, as_of: datetime | None = None, through: date | None = None
) -> list[CategoryRow]:
    """Return the budget by category and line. Envelopes and planned sums are shown to who reads the whole budget only.

    The figures are those of now, or as they stood `as_of` a moment; over all months, or `through` one (included).
    Raises WrongState (not_settled) for a moment to which something may still be posted.
    """
    accounts = list(accounts_of(user, budget))
    figures = figures_of([account.pk for account in accounts], as_of, through)
    rows: dict[int, CategoryRow] = {}
    if version is not None and reads_whole(user, budget):
        rows = _envelopes(version)
    for account in accounts:
        row = rows.setdefault(account.category_id, CategoryRow(account.category))
        row.lines.append(LineRow(account, figures[account.pk]))
    return list(rows.values())


def figures_of(account_ids: list[int], as_of: datetime | None, through: date | None) -> dict[int, Figures]:
    """Return the figures of each account: of now or `as_of` a moment, over all months or `through` one (included).

    Raises WrongState (not_settled) for a moment to which something may still be posted.
    """
    if as_of is None:
        return account_figures(account_ids, through=through)
    found = figures_as_of(account_ids, moment=as_of, through=through).by_account()
    return {account_id: found.get(account_id, Figures()) for account_id in account_ids}


def version_at(budget: Budget, moment: datetime) -> BudgetVersion | None:
    """Return the version that was in force at a moment, or None before the first."""
    return budget.versions.filter(in_force_at__lte=moment).order_by("-in_force_at", "-number").first()


def _envelopes(version: BudgetVersion) -> dict[int, CategoryRow]:
    rows = {
        envelope.category_id: CategoryRow(envelope.category, envelope.amount)
        for envelope in version.categories.select_related("category")
    }
    sums = version.lines.order_by().values("category_id").annotate(total=Sum("amount"))
    for found in sums:
        if found["category_id"] in rows:
            rows[found["category_id"]].planned = found["total"]
    return rows


def findings_seen(user: User, budget: Budget, version: BudgetVersion | None) -> list[Finding]:
    """Return what does not add up in the version, to a reader of the whole budget."""
    if version is None or not reads_whole(user, budget):
        return []
    return list(version.findings.order_by("-amount", "id"))


def freshness_of(budget: Budget, *, now: datetime) -> Fresh:
    """Return how fresh the budget's figures are: final once all its months are closed, as of the newest entry."""
    # Each account's newest link, so that the answer does not wait for a scan of all entries.
    newest = Link.objects.filter(account__budget=budget, seq=F("account__seq"))
    last = newest.aggregate(last=Max("journal__recorded_at"))["last"]
    months = Period.objects.filter(entity=budget.entity, month__range=(budget.starts_on, budget.ends_on))
    counts = months.aggregate(all=Count("pk"), closed=Count("closed_at"))
    final = counts["all"] and counts["all"] == counts["closed"]
    return Fresh("final" if final else "preliminary", now, [("newest entry", last)] if last else [("no entries yet", None)])
