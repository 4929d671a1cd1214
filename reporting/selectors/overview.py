"""Where every budget stands, in three queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q

from budgets.models import Balance, Budget, BudgetCategory, BudgetVersion, FundsAccount, Period
from core.models import User
from reporting.rules.figures import ZERO, Figures, Freshness, Source, total_of
from reporting.rules.grouping import Envelope, envelope_of
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
    return standings_of(list(whole_budgets(user).select_related("entity").order_by("code")), today=today)


def standings_of(budgets: list[Budget], *, today: date) -> list[Standing]:
    """Return budgets that are read whole, each to the end of its last whole month."""
    last = last_whole_month(today)
    sums = _sums(budgets, last)
    envelopes = _envelopes(budgets)
    return [_standing(budget, last, sums, envelopes) for budget in budgets]


def freshness_of_standings(standings: list[Standing], *, now: datetime) -> Freshness:
    """Return how fresh they are together: final once the months up to each one's last are closed."""
    shown = Q(pk__in=[])
    for each in standings:
        shown |= Q(entity=each.budget.entity_id, month__range=(each.budget.starts_on, each.month))
    months = Period.objects.filter(shown).aggregate(all=Count("pk"), closed=Count("closed_at"))
    accounts = FundsAccount.objects.filter(budget__in=[each.budget for each in standings])
    last = accounts.aggregate(last=Max("posted_at"))["last"]
    is_final = months["all"] and months["all"] == months["closed"]
    return Freshness("final" if is_final else "preliminary", now, (Source("newest entry" if last else "no entries yet", last),))


def _standing(budget: Budget, last: date, sums: dict[tuple[int, str], Figures], envelopes: dict[int, list[Envelope]]) -> Standing:
    own = {path: figures for (budget_id, path), figures in sums.items() if budget_id == budget.pk}
    variances = dict.fromkeys(envelopes.get(budget.pk, []), ZERO)
    for path, figures in own.items():
        if envelope := envelope_of(path, variances):
            variances[envelope] += figures.variance
    status = worst([status_of(variance, envelope.threshold) for envelope, variance in variances.items()])
    return Standing(budget, min(max(last, budget.starts_on), budget.ends_on), total_of(own.values()), status)


def _sums(budgets: list[Budget], last: date) -> dict[tuple[int, str], Figures]:
    rows = sums_by(Balance.objects.filter(account__budget__in=budgets), last, "account__budget_id", "account__category__path")
    return {(budget_id, path): figures for (budget_id, path), figures in rows}


def _envelopes(budgets: list[Budget]) -> dict[int, list[Envelope]]:
    rows = BudgetCategory.objects.filter(version__budget__in=budgets, version__state=BudgetVersion.State.IN_FORCE)
    found: dict[int, list[Envelope]] = {}
    for row in rows.select_related("version", "category"):
        envelope = Envelope(row.category.code, row.category.name, row.category.path, row.variance_threshold)
        found.setdefault(row.version.budget_id, []).append(envelope)
    return found
