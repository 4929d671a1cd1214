"""One budget as a tree of cost centres: what each node has, what it handed down, what is held and left."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from budgets.models import Budget, Control, CostCentre
from budgets.rules.handing_down import NodeLimit, NodeSums, found_at, found_beyond, with_parents
from budgets.rules.overallocation import Finding
from budgets.rules.sentences import window_phrase
from budgets.rules.windows import stands_of
from budgets.selectors.balances import Figures
from budgets.selectors.budgets import READING, visible_budgets
from budgets.selectors.controls import Months, months_of
from budgets.selectors.overview import BudgetRow, accounts_of, figures_of, rows_of_budgets
from core.access import paths_of
from core.models import User

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A node: `own` is what lies at it alone, `figures` what lies at it and at all nodes below it. In the budget's currency."""

    centre: CostCentre
    parent: CostCentre | None
    depth: int
    own: Figures
    figures: Figures

    @property
    def handed_down(self) -> Decimal:
        """What the nodes below it are allotted."""
        return self.figures.allotted - self.own.allotted

    @property
    def not_handed_down(self) -> Decimal:
        """What of its allotment stays with it; over all nodes these add up to the whole."""
        return self.own.allotted


@dataclass(frozen=True)
class Tree:
    """The nodes within the reader's reach, parents first; what does not add up there; budgets of their own at these nodes.

    `total` is the sum of the roots: of each node once.
    """

    rows: list[TreeRow]
    findings: list[Finding] = field(default_factory=list)
    beside: list[BudgetRow] = field(default_factory=list)

    @property
    def total(self) -> Figures:
        return sum((row.figures for row in self.rows if row.parent is None), Figures())

    @property
    def not_handed_down(self) -> Decimal:
        """What the roots did not hand down."""
        return sum((row.not_handed_down for row in self.rows if row.parent is None), ZERO)


def tree_of(user: User, budget: Budget, *, as_of: datetime | None = None, through: date | None = None) -> Tree:
    """Return the budget by the nodes of the cost centre tree that it touches, as far as the reader's role reaches.

    The figures are those of now, or as they stood `as_of` a moment; over all months, or `through` one (included). Limits and the
    budgets beside it are those of now. Raises WrongState (not_settled) for a moment to which something may still be posted.
    """
    accounts = list(accounts_of(user, budget))
    figures = figures_of([account.pk for account in accounts], as_of, through)
    own: dict[str, Figures] = {}
    for account in accounts:
        own[account.cost_centre.path] = own.get(account.cost_centre.path, Figures()) + figures[account.pk]
    rows = _rows(_centres(user, budget, own), own)
    findings = [finding for row in rows for finding in found_at(_sums(row))]
    if as_of or through:
        return Tree(rows, findings)
    return Tree(rows, [*findings, *_beyond_limits(budget, rows)], _beside(user, budget))


def _centres(user: User, budget: Budget, paths: Iterable[str]) -> list[CostCentre]:
    """Return the nodes with these paths and those above them, from the budget's own down and within reach, parents first."""
    reach = tuple(paths_of(user, budget.entity, *READING))
    every = {each for path in paths for each in with_parents(path)}
    top = budget.cost_centre.path
    wanted = [path for path in every if path.startswith(reach) and (path == top or not top.startswith(path))]
    found = CostCentre.objects.filter(entity=budget.entity, path__in=wanted)
    return sorted(found, key=lambda centre: with_parents(centre.path))


def _rows(centres: list[CostCentre], own: dict[str, Figures]) -> list[TreeRow]:
    by_path = {centre.path: centre for centre in centres}
    below = dict.fromkeys(by_path, Figures())
    for path, figures in own.items():
        for above in with_parents(path):
            if above in below:
                below[above] += figures
    rows = []
    for centre in centres:
        parents = [by_path[path] for path in with_parents(centre.path)[:-1] if path in by_path]
        parent = parents[-1] if parents else None
        rows.append(TreeRow(centre, parent, len(parents), own.get(centre.path, Figures()), below[centre.path]))
    return rows


def _sums(row: TreeRow) -> NodeSums:
    return NodeSums(row.centre.code, row.centre.name, row.figures.allotted, row.handed_down, row.figures.held)


def _beyond_limits(budget: Budget, rows: list[TreeRow]) -> list[Finding]:
    """Return where a node is allotted more than the limit that a person stated on it, in this budget or over all budgets."""
    names = {row.centre.pk: row.centre for row in rows}
    stated = Control.objects.filter(
        entity=budget.entity, cost_centre__in=list(names), account=None, category=None, own_limit__isnull=False
    )
    controls = [each for each in stated.select_related("entity") if each.budget_id in {None, budget.pk}]
    months = months_of(controls)
    limits = [_limit(each, names[each.cost_centre_id], months[each.pk]) for each in controls if each.cost_centre_id]
    return [finding for limit in limits if limit is not None for finding in found_beyond(limit)]


def _limit(control: Control, centre: CostCentre, months: Months) -> NodeLimit | None:
    """Return the limit beside what is allotted in the window that exceeds it most; None before anything is allotted."""
    start = control.entity.fiscal_year_start_month
    terms = {"tolerance": ZERO, "start_month": start}
    given = stands_of(control.window, months, **terms)  # type: ignore[arg-type]
    limits = stands_of(control.window, months, own_limit=control.own_limit, **terms)  # type: ignore[arg-type]
    pairs = zip(given, limits, strict=True)
    worst = max(pairs, key=lambda pair: pair[0].cap - pair[1].cap, default=None)
    if worst is None:
        return None
    when = window_phrase(control.window, worst[0].last) + ("" if control.budget_id else " over all budgets")
    return NodeLimit(centre.code, centre.name, worst[1].cap, worst[0].cap, when)


def _beside(user: User, budget: Budget) -> list[BudgetRow]:
    """Return the budgets with money of their own at these nodes: at or below this one's, in months that it spans too."""
    others = visible_budgets(user).filter(
        entity=budget.entity,
        cost_centre__path__startswith=budget.cost_centre.path,
        starts_on__lte=budget.ends_on,
        ends_on__gte=budget.starts_on,
    )
    return rows_of_budgets(user, list(others.exclude(pk=budget.pk).order_by("cost_centre__path", "code")))
