"""Whether somebody stands before a stage that waits: what a question and a change of hands ask first."""

from approvals.models import Request, Stage
from approvals.rules.separation import OWN_REQUEST, TWICE, why_not_decide
from approvals.selectors.delegations import counted, ways_for
from core import clock
from core.errors import NotAllowed, Stale
from core.models import User


def refuse_unless_asked(request: Request, stage: Stage, actor: User) -> None:
    """Refuse whoever could not decide on the stage as it stands. Raises NotAllowed (not theirs), Stale (not asked any more)."""
    decided = counted(request.decisions.filter(round=stage.round), round_number=stage.round)
    members = set(stage.members.values_list("person_id", flat=True))
    ways = ways_for(actor, request, members, now=clock.now()) if actor.pk not in members else {}
    asker = request.requester_id
    reason = why_not_decide(person=actor.pk, requester=asker, members=members, decided=decided, stands_for=ways)
    if reason and reason != TWICE:
        remedy = "Somebody else holds this stage." if reason == OWN_REQUEST else "Open your queue to see what waits for you."
        raise NotAllowed(reason, remedy=remedy, code="not_yours")
    if stage.state != Stage.State.ASSIGNED or stage.round != request.round:
        said = f"{request.number} is {request.get_state_display()}, and this stage of it is {stage.get_state_display()}."
        raise Stale(said, remedy="Open the request to see how it stands now.")
    if reason:
        raise Stale(reason, remedy="Nothing more is needed from you.", code="decided_already")
