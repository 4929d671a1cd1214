"""A request in one line: its state, who holds it now and since when."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from approvals.models import Request, Stage
from approvals.views.words import REQUEST_STATES, state_words
from core.models import User


@dataclass(frozen=True)
class RequestRow:
    """What a list shows of a request. `amount` is in the request's currency, `since` in UTC."""

    request: Request
    kind: str
    word: str
    holder: str
    since: datetime
    amount: Decimal


def row_of(request: Request, open_stages: list[Stage]) -> RequestRow:
    """Return the line of a request; `open_stages` are those that wait for a decision, with their owners."""
    kind, word = state_words(REQUEST_STATES, request.state)
    return RequestRow(request, kind, word, holder_of(request, open_stages), since_of(request, open_stages), request.amount)


def holder_of(request: Request, open_stages: list[Stage]) -> str:
    """Say who has it before them: the deciders of the open stages, else the requester of a draft or of what was sent back."""
    if request.is_editable:
        return request.requester.name
    people: dict[int, User] = {}
    for stage in open_stages:
        people[stage.owner_id] = stage.owner
        if stage.escalated_at and stage.backup:
            people[stage.backup.pk] = stage.backup
    return ", ".join(person.name for person in people.values())


def since_of(request: Request, open_stages: list[Stage]) -> datetime:
    """Return since when it is where it is."""
    starts = [stage.assigned_at for stage in open_stages if stage.assigned_at]
    if starts:
        return min(starts)
    return request.decided_at or request.updated_at
