"""Stating what a request has of attributes of its organization's own."""

from collections.abc import Mapping

from django.db import transaction

from approvals.locks import lock_request
from approvals.models import Request, RequestAttribute
from budgets.selectors.attributes import missing_of
from budgets.services.attributes import refuse_missing, set_attributes
from core.access import WHOLE, paths_of
from core.errors import NotAllowed
from core.models import User
from core.rules.rights import Right

EDITABLE = (Request.State.DRAFT, Request.State.RETURNED)


def may_state(request: Request, person: User) -> bool:
    """Say whether a person may: whoever asks, while it is theirs to edit; and who keeps the books of the whole, at any time."""
    if request.requester_id == person.pk and request.state in EDITABLE:
        return True
    return WHOLE in paths_of(person, request.entity, Right.BUDGET)


def refuse_unless_may_state(request: Request, person: User) -> None:
    """Refuse whoever may not. Raises NotAllowed."""
    if not may_state(request, person):
        raise NotAllowed(
            "You cannot state this request's attributes.", remedy="Ask whoever asks for it, while it is a draft, or finance."
        )


@transaction.atomic
def set_request_attributes(*, request_id: int, values: Mapping[str, str | bool | None], actor: User) -> dict[str, str | bool]:
    """State what a request has; what is left out stays. Raises NotAllowed, and InvalidInput whose details map each code."""
    request = lock_request(request_id)
    refuse_unless_may_state(request, actor)
    return set_attributes(model=RequestAttribute, kind="request", subject=request, values=values, actor=actor)


def refuse_without_attributes(request: Request) -> None:
    """Refuse to submit a request that lacks an attribute that its organization requires. Raises WrongState naming them."""
    refuse_missing([each.name for each in missing_of(RequestAttribute, "request", request)])
