"""What stands around a budget's figures: commitments, decisions that wait, exceptions, milestones."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, Sum

from approvals.models import RequestLine, Stage
from budgets.models import Balance, Budget, Entry, Milestone
from core.models import Role
from reconciliation.models import ExceptionItem
from reporting.rules.around import Around, MilestoneLine, Promise, Timeliness, Trouble, Wanted
from reporting.rules.grouping import next_month

THREAD = "request-line:"
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


def promises_of(budget: Budget, *, accounts: list[int] | None = None, most: int | None = None) -> tuple[Promise, ...]:
    """Return what is reserved and committed on the budget's accounts, or on some, line by line, the largest first.

    With `most`, so many of the largest.
    """
    # Where an account holds nothing in a month any more, its entries of that month are not added up again.
    still = Balance.objects.filter(account=OuterRef("account"), month=OuterRef("month")).exclude(reserved=0, committed=0)
    held = Entry.objects.filter(Exists(still), account__budget=budget, bucket__in=["reserved", "committed"])
    if accounts is not None:
        held = held.filter(account_id__in=accounts)
    places = held.values_list("thread", "bucket", "month", "account__category__name", "account__cost_centre__name")
    rows = list(places.annotate(left=Sum("amount")).exclude(left=0).order_by("-left", "thread", "month")[:most])
    lines = _request_lines([row[0] for row in rows])
    promises = [_promise(lines.get(thread), thread, *rest) for thread, *rest in rows]
    return tuple(sorted(promises, key=lambda each: (-each.amount, each.request, each.month)))


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


def _request_lines(threads: list[str]) -> dict[str, RequestLine]:
    ids = [
        int(thread.removeprefix(THREAD)) for thread in threads if thread.startswith(THREAD) and thread[len(THREAD) :].isdigit()
    ]
    found = RequestLine.objects.filter(pk__in=ids).select_related("request__vendor")
    return {line.thread: line for line in found}


def _promise(
    line: RequestLine | None, thread: str, bucket: str, month: date, category: str, centre: str, left: Decimal
) -> Promise:
    if line is None:
        return Promise("", thread or "Without a request", "", category, centre, month, bucket, left, None)
    request = line.request
    since = request.decided_at if bucket == "committed" else request.submitted_at
    title = line.description or request.title
    return Promise(
        request.number, title, request.vendor.name if request.vendor else "", category, centre, month, bucket, left, since
    )
