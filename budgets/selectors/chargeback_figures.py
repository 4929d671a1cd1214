"""How well chargebacks go: how much of what was collected goes on, how many statements are accepted, how long disputes take."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Avg, Count, F, Q, QuerySet, Sum

from budgets.models import ChargebackDispute, ChargebackPart, ChargebackRun, ChargebackSource, ChargebackStatement
from budgets.selectors.chargebacks import ZERO
from core.models import Entity

SECONDS_A_DAY = 86400


@dataclass(frozen=True, slots=True)
class ChargebackFigures:
    """Of the chargebacks that the managers have or that are posted. `mean_days` counts calendar days; None where none ended."""

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
        return self.allocated * 100 / self.collected if self.collected else None

    @property
    def by_use_pct(self) -> Decimal | None:
        """How much of what goes to somebody follows what was measured, and not a stated share."""
        return self.by_use * 100 / self.allocated if self.allocated else None

    @property
    def acceptance_pct(self) -> Decimal | None:
        return Decimal(self.accepted * 100) / self.statements if self.statements else None


def figures_of_chargebacks(entity: Entity, *, since: date) -> ChargebackFigures:
    """Return the figures of an organization's chargebacks of the months from `since` on."""
    runs = ChargebackRun.objects.filter(entity=entity, month__gte=since, state__in=["review", "posted"])
    parts = ChargebackPart.objects.filter(run__in=runs)
    statements = ChargebackStatement.objects.filter(run__in=runs)
    told = statements.aggregate(all=Count("pk"), accepted=Count("pk", filter=Q(state="accepted")))
    disputes = ChargebackDispute.objects.filter(statement__in=statements)
    ended = disputes.filter(resolved_at__isnull=False).aggregate(mean=Avg(F("resolved_at") - F("raised_at")))["mean"]
    return ChargebackFigures(
        collected=_sum(ChargebackSource.objects.filter(run__in=runs)),
        allocated=_sum(parts),
        # What is measured says how many units of which metric.
        by_use=_sum(parts.filter(why__regex=r"^[0-9,.]+ of [0-9,.]+ ")),
        statements=told["all"],
        accepted=told["accepted"],
        disputes=disputes.count(),
        open_disputes=disputes.filter(resolved_at__isnull=True).count(),
        mean_days=Decimal(ended.total_seconds()) / SECONDS_A_DAY if ended is not None else None,
    )


def _sum(rows: QuerySet[ChargebackPart] | QuerySet[ChargebackSource]) -> Decimal:
    total = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO
