"""Who answers for what needs a person."""

from core.models import Entity, Role, RoleAssignment, User


def finance_owner(entity: Entity) -> User | None:
    """Return the person of finance whose scope is widest and who holds it longest; None where there is nobody."""
    rows = RoleAssignment.objects.filter(entity=entity, role__kind=Role.Kind.FINANCE, user__is_active=True)
    widest_first = rows.select_related("user").order_by("-scope", "id")
    first = widest_first.first()
    return first.user if first else None
