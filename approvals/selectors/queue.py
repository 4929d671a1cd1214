"""What waits for a person, and the one guarded door to a stage."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Stage, StageMember
from approvals.selectors.delegations import counted_for, stages_in_place
from approvals.selectors.particulars import STATED_OF_STAGE
from approvals.selectors.requests import visible_requests
from core.errors import NotFound
from core.models import User

RELATED = (
    "request__entity__calendar",
    "request__requester",
    "request__vendor",
    "request__policy_version__policy",
    "owner",
    "backup",
    *STATED_OF_STAGE,
)


def queue_of(user: User) -> QuerySet[Stage]:
    """Return the stages on which `user` may decide now, for themselves or for somebody who is away, the most urgent first."""
    mine = Q(Exists(StageMember.objects.filter(stage=OuterRef("pk"), person_id=user.pk)))
    waiting = Stage.objects.filter(
        mine | stages_in_place(user),
        ~Q(request__requester_id=user.pk),
        ~Exists(counted_for(user.pk)),
        state=Stage.State.ASSIGNED,
    )
    return waiting.select_related(*RELATED).order_by("due_at", "id")


def access_stage_by_id(user: User, stage_id: int) -> Stage:
    """Return the stage, if `user` may see its request. Raises NotFound either way it is not so."""
    seen = visible_requests(user).filter(pk=OuterRef("request_id"))
    stage = Stage.objects.select_related(*RELATED).filter(Exists(seen), pk=stage_id).first()
    if stage is None:
        raise NotFound("There is no such stage, or it is not yours to see.", remedy="Go back to your queue.")
    return stage
