"""What stands around a budget's figures: commitments, decisions that wait, exceptions, milestones."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from approvals.models import Stage
from budgets.models import Budget, Milestone
from core.models import Role
from reconciliation.models import ExceptionItem
from reporting.rules.around import Around, MilestoneLine, Timeliness, Trouble, Wanted
from reporting.rules.grouping import next_month
from reporting.selectors.promises import promises_of

DECIDED = (Stage.State.APPROVED, Stage.State.REJECTED, Stage.State.RETURNED)


def around_of(budget: Budget, month: date) -> Around:
    """Return what stands around the report of `budget` to the end of `month`."""
    return Around(
        promises=promises_of(budget),
        wanted=wanted_of(budget),
        troubles=troubles_of(budget),
        milestones=milestones_of(budget),
        timeliness=timeliness_of(budget, month),
    )


def wanted_of(budget: Budget) -> tuple[Wanted, ...]:
    """Return the decisions that are owed on requests which touch the budget, the next due first."""
    stages = (
        Stage.objects.filter(state=Stage.State.ASSIGNED, request__lines__account__budget=budget)
        .select_related("request__vendor")
        .distinct()
        .order_by("due_at", "id")
    )
    roles = dict(Role.objects.values_list("code", "name"))
    return tuple(
        Wanted(
            request=stage.request.number,
            title=stage.request.title,
            amount=stage.request.amount,
            stage=stage.name,
            role=roles.get(stage.role_code, stage.name),
            due_at=stage.due_at,
            vendor=stage.request.vendor.name if stage.request.vendor else "",
            escalated=stage.escalated_at is not None,
        )
        for stage in stages
        if stage.due_at is not None
    )


def troubles_of(budget: Budget) -> tuple[Trouble, ...]:
    """Return the open exceptions of the budget's entity, the largest first."""
    rows = ExceptionItem.objects.filter(entity=budget.entity_id, closed_at__isnull=True)
    rows = rows.order_by(F("amount").desc(nulls_last=True), "id")
    return tuple(Trouble(row.code, row.sentence, row.remedy, row.amount, row.currency, row.opened_at) for row in rows)


def milestones_of(budget: Budget) -> tuple[MilestoneLine, ...]:
    """Return the budget's milestones in the order they are due."""
    rows = Milestone.objects.filter(budget=budget).order_by("due_on", "code")
    return tuple(MilestoneLine(row.code, row.name, row.due_on, row.done_on, row.planned_cost) for row in rows)


def timeliness_of(budget: Budget, month: date) -> Timeliness:
    """Return how many stages on the budget were decided in `month`, by the entity's zone, and how many in time."""
    zone = ZoneInfo(budget.entity.time_zone)
    first, after = (datetime(each.year, each.month, 1, tzinfo=zone).astimezone(UTC) for each in (month, next_month(month)))
    stages = Stage.objects.filter(
        state__in=DECIDED, decided_at__gte=first, decided_at__lt=after, request__lines__account__budget=budget
    ).distinct()
    late = Q(decided_at__gt=F("due_at"))
    decided = stages.count()
    return Timeliness(decided, decided - stages.filter(late).count())
