"""The roles that a person holds, and the organizations they hold them in."""

from django.db.models import QuerySet

from core.access import entities_of
from core.errors import NotFound
from core.models import Entity, RoleAssignment, User


def roles_of(user: User) -> QuerySet[RoleAssignment]:
    """Return the roles that a person holds, by organization."""
    rows = RoleAssignment.objects.filter(user=user).select_related("entity", "role", "cost_centre")
    return rows.order_by("entity__code", "role__code", "pk")


def access_entity_by_code(user: User, code: str) -> Entity:
    """Return the entity with this code if the person holds a role there. Raises NotFound."""
    entity = entities_of(user).filter(code=code).first()
    if entity is None:
        raise NotFound("There is no such organization, or none that you may see.", remedy="Start from the list of yours.")
    return entity
