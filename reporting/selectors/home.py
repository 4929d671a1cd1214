"""What waits for a person: counted, with the few that are next."""

from datetime import date

from django.db.models import Count, Min, Q, QuerySet, Sum

from approvals.models import Request
from budgets.models import Period
from core.access import whole_entities_of
from core.models import User
from core.rules.rights import Right
from reconciliation.models import ExceptionItem, ImportFile, Suggestion

MOST = 5
WITH_ME = (Request.State.DRAFT, Request.State.RETURNED)


def my_requests(user: User) -> QuerySet[Request]:
    """Return the person's requests that are not ended: those that are back with them first."""
    mine = Request.objects.filter(requester=user, state__in=[*WITH_ME, Request.State.SUBMITTED])
    return mine.order_by("-state", "-id")


def open_exceptions(user: User) -> QuerySet[ExceptionItem]:
    """Return the open exceptions of the entities in which the person reconciles: their own first, then the oldest."""
    mine = Q(owner=user)
    rows = ExceptionItem.objects.filter(entity__in=whole_entities_of(user, Right.RECONCILE), closed_at__isnull=True)
    return rows.annotate(is_mine=Count("pk", filter=mine)).order_by("-is_mine", "opened_at", "id")


def rows_in_quarantine(user: User) -> int:
    """Return how many imported rows wait for a fix where the person reconciles."""
    files = ImportFile.objects.filter(source__entity__in=whole_entities_of(user, Right.RECONCILE))
    return files.aggregate(count=Sum("quarantined"))["count"] or 0


def open_suggestions(user: User) -> int:
    """Return how many matches wait for a yes or no where the person reconciles."""
    return Suggestion.objects.filter(entity__in=whole_entities_of(user, Right.RECONCILE), state=Suggestion.State.OPEN).count()


def months_to_close(user: User, *, before: date) -> list[tuple[str, str, date, int]]:
    """Return, where the person keeps books: entity, its code, its oldest open month before `before`, how many are open."""
    rows = Period.objects.filter(entity__in=whole_entities_of(user, Right.BUDGET), month__lt=before, state=Period.State.OPEN)
    by_entity = rows.order_by("entity__name").values_list("entity__name", "entity__code")
    oldest = by_entity.annotate(oldest=Min("month"), count=Count("pk"))
    return list(oldest[:MOST])
