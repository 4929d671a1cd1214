"""Where every budget stands, in three queries."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.models import Balance, Budget, BudgetCategory, BudgetVersion
from core.models import User
from reporting.rules.figures import ZERO, Figures, total_of
from reporting.rules.rag import Status, status_of, worst
from reporting.selectors.access import whole_budgets
from reporting.selectors.balances import sums_by
from reporting.selectors.variance import last_whole_month


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget with its figures to the end of `month`. `status` is the worst of its categories."""

    budget: Budget
    month: date
    figures: Figures
    status: Status


def overview_of(user: User, *, today: date) -> list[Standing]:
    """Return every budget that `user` reads whole, each to the end of its last whole month."""
    budgets = list(whole_budgets(user).select_related("entity").order_by("code"))
    last = last_whole_month(today)
    sums = _sums(budgets, last)
    thresholds = _thresholds(budgets)
    return [_standing(budget, last, sums, thresholds) for budget in budgets]


def _standing(
    budget: Budget, last: date, sums: dict[tuple[int, str], Figures], thresholds: dict[int, list[tuple[str, Decimal | None]]]
) -> Standing:
    own = {path: figures for (budget_id, path), figures in sums.items() if budget_id == budget.pk}
    statuses = []
    for path, threshold in thresholds.get(budget.pk, []):
        variance = sum((figures.variance for each, figures in own.items() if each.startswith(path)), ZERO)
        statuses.append(status_of(variance, threshold))
    total = total_of(own.values())
    month = min(max(last, budget.starts_on), budget.ends_on)
    return Standing(budget, month, total, worst(statuses))


def _sums(budgets: list[Budget], last: date) -> dict[tuple[int, str], Figures]:
    rows = sums_by(Balance.objects.filter(account__budget__in=budgets), last, "account__budget_id", "account__category__path")
    return {(budget_id, path): figures for (budget_id, path), figures in rows}


def _thresholds(budgets: list[Budget]) -> dict[int, list[tuple[str, Decimal | None]]]:
    rows = BudgetCategory.objects.filter(version__budget__in=budgets, version__state=BudgetVersion.State.IN_FORCE)
    found: dict[int, list[tuple[str, Decimal | None]]] = {}
    for budget_id, path, threshold in rows.values_list("version__budget_id", "category__path", "variance_threshold"):
        found.setdefault(budget_id, []).append((path, threshold))
    return found
