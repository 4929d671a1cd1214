"""Whom an approver may turn to: for an answer, with the stage itself, or for one more decision."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Request, Stage, StageMember
from approvals.selectors.seats import deciders, scope_of
from core.models import RoleAssignment, User
from core.rules.rights import within


def may_be_asked(request: Request, asker: User) -> QuerySet[User]:
    """Return whom `asker` may put a question to: the requester, and whoever holds a role in the entity."""
    held = RoleAssignment.objects.filter(user=OuterRef("pk"), entity_id=request.entity_id)
    people = User.objects.filter(Exists(held) | Q(pk=request.requester_id), is_active=True)
    return people.exclude(pk=asker.pk).order_by("name", "pk")


def may_take(request: Request, stage: Stage, *, giver: User) -> list[User]:
    """Return who could decide on the stage as its policy seats people, and neither has in this round nor is asked elsewhere.

    A delegate who gives it away does not take it themselves: in their own place they would decide by another limit.
    """
    scope = scope_of(request)
    barred = scope.barred | _engaged(request) | {giver.pk}
    return [user for user, limit in deciders(stage, scope).items() if user.pk not in barred and within(scope.amount, limit)]


def may_be_added(request: Request, actor: User) -> list[User]:
    """Return who may be asked for one more decision: whoever holds a role in the entity and is free by separation of duties."""
    barred = scope_of(request).barred | _engaged(request)
    return [user for user in may_be_asked(request, actor) if user.pk not in barred]


def _engaged(request: Request) -> frozenset[int]:
    """Return who stands before an open stage of the round, or will: nobody decides twice in one round."""
    stages = Stage.objects.filter(request=request, round=request.round)
    asked = StageMember.objects.filter(stage__in=stages.filter(state=Stage.State.ASSIGNED)).values_list("person_id", flat=True)
    later = stages.filter(state=Stage.State.WAITING).values_list("owner_id", flat=True)
    return frozenset(asked) | frozenset(later)
