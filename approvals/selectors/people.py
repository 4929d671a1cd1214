"""Whom an approver may turn to."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Request
from core.models import RoleAssignment, User


def may_be_asked(request: Request, asker: User) -> QuerySet[User]:
    """Return whom `asker` may put a question to: the requester, and whoever holds a role in the entity."""
    held = RoleAssignment.objects.filter(user=OuterRef("pk"), entity_id=request.entity_id)
    people = User.objects.filter(Exists(held) | Q(pk=request.requester_id), is_active=True)
    return people.exclude(pk=asker.pk).order_by("name", "pk")
