"""How well chargebacks go: how much of what was collected goes on, how many statements are accepted, how long disputes take."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from django.db.models import Count, Q, QuerySet, Sum

from budgets.models import ChargebackDispute, ChargebackPart, ChargebackRun, ChargebackSource, ChargebackStatement
from budgets.rules.months import add_months, first_of
from budgets.selectors.chargebacks import ZERO
from core import clock
from core.models import Entity
from core.rules.worktime import working_days_between
from core.selectors.calendars import calendar_of

MONTHS = 12
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class ChargebackFigures:
    """Of the chargebacks of the months from `since` on that the managers have or that are posted.

    `mean_days` counts working days of the organization's calendar, as the clock of a dispute does; None where none ended.
    """

    entity: Entity
    since: date
    collected: Decimal
    allocated: Decimal
    by_use: Decimal
    statements: int
    accepted: int
    disputes: int
    open_disputes: int
    mean_days: Decimal | None

    @property
    def accuracy_pct(self) -> Decimal | None:
        """How much of what was collected goes to somebody."""
        return _percent(self.allocated, self.collected)

    @property
    def by_use_pct(self) -> Decimal | None:
        """How much of what goes to somebody follows what was measured, and not a stated share."""
        return _percent(self.by_use, self.allocated)

    @property
    def acceptance_pct(self) -> Decimal | None:
        """How many of the statements are accepted."""
        return _percent(Decimal(self.accepted), Decimal(self.statements))


def figures_of_chargebacks(entity: Entity, *, since: date | None = None) -> ChargebackFigures:
    """Return the figures of an organization's chargebacks of the months from `since` on; else of the last twelve."""
    since = since or add_months(first_of(clock.now().date()), 1 - MONTHS)
    runs = ChargebackRun.objects.filter(entity=entity, month__gte=since, state__in=["review", "posted"])
    parts = ChargebackPart.objects.filter(run__in=runs)
    statements = ChargebackStatement.objects.filter(run__in=runs)
    told = statements.aggregate(all=Count("pk"), accepted=Count("pk", filter=Q(state="accepted")))
    disputes = list(ChargebackDispute.objects.filter(statement__in=statements))
    ended = [dispute for dispute in disputes if dispute.resolved_at is not None]
    return ChargebackFigures(
        entity=entity,
        since=since,
        collected=_sum(ChargebackSource.objects.filter(run__in=runs)),
        allocated=_sum(parts),
        by_use=_sum(parts.filter(basis=ChargebackPart.Basis.USAGE)),
        statements=told["all"],
        accepted=told["accepted"],
        disputes=len(disputes),
        open_disputes=len(disputes) - len(ended),
        mean_days=_mean_days(entity, ended) if ended else None,
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a part in per cent, to one place and never rounded up: what is not all is not shown as all."""
    return (part * 100 / whole).quantize(TENTH, rounding=ROUND_DOWN) if whole else None


def _mean_days(entity: Entity, ended: Iterable[ChargebackDispute]) -> Decimal:
    calendar = calendar_of(entity, around=clock.now())
    days = [working_days_between(calendar, each.raised_at, each.resolved_at) for each in ended if each.resolved_at]
    return (sum(days, ZERO) / len(days)).quantize(ZERO)


def _sum(rows: QuerySet[ChargebackPart] | QuerySet[ChargebackSource]) -> Decimal:
    total = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO
