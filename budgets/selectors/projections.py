"""Projections as they were stated."""

from django.db.models import QuerySet

from budgets.models import Projection
from budgets.selectors.controls import readable_entities
from core.errors import NotFound
from core.models import Entity, User


def latest_of(entity: Entity) -> list[Projection]:
    """Return the projections that count: of each name and horizon the latest, by name, the nearest horizon first."""
    stated = Projection.objects.filter(entity=entity).order_by("name", "horizon_months", "-number")
    return list(stated.distinct("name", "horizon_months").select_related("stated_by"))


def projections_in_reach(user: User) -> QuerySet[Projection]:
    """Return the projections of the organizations in which the person reads figures."""
    return Projection.objects.filter(entity__in=readable_entities(user)).select_related("entity", "stated_by")


def access_projection_by_id(user: User, projection_id: int) -> Projection:
    """Return the projection, read with its parts, if the person reads figures of its organization. Raises NotFound."""
    found = projections_in_reach(user).filter(pk=projection_id).prefetch_related("parts__category").first()
    if found is None:
        raise NotFound("There is no such projection, or none that you may see.", remedy="Start from the list of projections.")
    return found


def statements_beside(projection: Projection) -> list[Projection]:
    """Return all statements of the projection's name and horizon, the latest first."""
    same = Projection.objects.filter(
        entity_id=projection.entity_id, name=projection.name, horizon_months=projection.horizon_months
    )
    return list(same.order_by("-number").select_related("stated_by"))
