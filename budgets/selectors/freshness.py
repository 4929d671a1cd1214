"""Whether a month's figures may still change, as of when they were read, and from what."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import BooleanField, Exists, ExpressionWrapper, Max, OuterRef, Q, QuerySet

from budgets.models import Budget, ChargebackRun, Control, FundsAccount, Journal, Period
from budgets.selectors.overview import Fresh, freshness_of
from core.models import Entity

Sources = Sequence[tuple[str, datetime | None]]


def freshness_of_month(entity: Entity, month: date, *, as_of: datetime, sources: Sources | None = None) -> Fresh:
    """Return how fresh figures of a month are: final once it is closed. Without `sources`, from what was posted last."""
    closed = Period.objects.filter(entity=entity, month=month, state=Period.State.CLOSED).exists()
    return Fresh("final" if closed else "preliminary", as_of, list(_posted(entity) if sources is None else sources))


def freshness_of_budgets(budgets: Iterable[Budget], *, now: datetime) -> Fresh:
    """Return how fresh figures of several budgets are: final once each month of each is closed, from what was posted last."""
    return _over(Budget.objects.filter(pk__in=[each.pk for each in budgets]), now)


def freshness_of_entities(entity_ids: Iterable[int], *, now: datetime) -> Fresh:
    """Return how fresh figures over all budgets of some organizations are."""
    return _over(Budget.objects.filter(entity__in=list(entity_ids)), now)


def freshness_of_control(control: Control, *, now: datetime) -> Fresh:
    """Return how fresh what a control holds is: as fresh as its budget, or as all budgets of its organization."""
    return freshness_of(control.budget, now=now) if control.budget else freshness_of_entities([control.entity_id], now=now)


def freshness_of_runs(runs: QuerySet[ChargebackRun], *, now: datetime) -> Fresh:
    """Return how fresh several chargebacks are: final once none is open and the month of each that is posted is closed."""
    closed = Period.objects.filter(entity=OuterRef("entity"), month=OuterRef("month"), state=Period.State.CLOSED)
    may_change = Q(state__in=ChargebackRun.OPEN) | Q(~Exists(closed), state=ChargebackRun.State.POSTED)
    rows = runs.order_by().annotate(may_change=ExpressionWrapper(may_change, BooleanField()))
    counts = rows.aggregate(last=Max("drawn_at"), open=Max("pk", filter=Q(may_change=True)))
    last: datetime | None = counts["last"]
    source = ("newest chargeback drawn up", last) if last else ("no chargeback yet", None)
    return Fresh("preliminary" if counts["open"] else "final", now, [source])


def freshness_of_run(run: ChargebackRun) -> Fresh:
    """Return how fresh a chargeback is: final once it is posted and its month closed, as of when it was drawn up."""
    journals = [number for numbers in run.sources.values_list("journal_ids", flat=True) for number in numbers]
    newest = Journal.objects.filter(pk=max(journals)).values_list("recorded_at", flat=True).first() if journals else None
    fresh = freshness_of_month(run.entity, run.month, as_of=run.drawn_at, sources=[("newest entry collected", newest)])
    return fresh if run.state == ChargebackRun.State.POSTED else Fresh("preliminary", fresh.as_of, fresh.sources)


def _posted(entity: Entity) -> Sources:
    last = FundsAccount.objects.filter(entity=entity).aggregate(last=Max("posted_at"))["last"]
    return _newest(last)


def _over(budgets: QuerySet[Budget], now: datetime) -> Fresh:
    months = Period.objects.filter(entity=OuterRef("entity"), month__range=(OuterRef("starts_on"), OuterRef("ends_on")))
    may_change = budgets.filter(~Exists(months) | Exists(months.filter(closed_at__isnull=True)))
    last = FundsAccount.objects.filter(budget__in=budgets).aggregate(last=Max("posted_at"))["last"]
    return Fresh("preliminary" if may_change.exists() else "final", now, list(_newest(last)))


def _newest(last: datetime | None) -> Sources:
    return [("newest entry", last)] if last else [("no entries yet", None)]
