"""Whether a month's figures may still change, as of when they were read, and from what."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Max

from budgets.models import ChargebackRun, FundsAccount, Journal, Period
from budgets.selectors.overview import Fresh
from core.models import Entity

Sources = Sequence[tuple[str, datetime | None]]


def freshness_of_month(entity: Entity, month: date, *, as_of: datetime, sources: Sources | None = None) -> Fresh:
    """Return how fresh figures of a month are: final once it is closed. Without `sources`, from what was posted last."""
    closed = Period.objects.filter(entity=entity, month=month, state=Period.State.CLOSED).exists()
    return Fresh("final" if closed else "preliminary", as_of, list(_posted(entity) if sources is None else sources))


def freshness_of_run(run: ChargebackRun) -> Fresh:
    """Return how fresh a chargeback is: final once it is posted and its month closed, as of when it was drawn up."""
    journals = [number for numbers in run.sources.values_list("journal_ids", flat=True) for number in numbers]
    newest = Journal.objects.filter(pk=max(journals)).values_list("recorded_at", flat=True).first() if journals else None
    fresh = freshness_of_month(run.entity, run.month, as_of=run.drawn_at, sources=[("newest entry collected", newest)])
    return fresh if run.state == ChargebackRun.State.POSTED else Fresh("preliminary", fresh.as_of, fresh.sources)


def _posted(entity: Entity) -> Sources:
    last = FundsAccount.objects.filter(entity=entity).aggregate(last=Max("posted_at"))["last"]
    return [("newest entry", last)] if last else [("no entries yet", None)]
