"""A request in one line: its state, who holds it now and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from approvals.models import Request, Stage
from approvals.selectors.delegations import Asked
from approvals.views.words import REQUEST_STATES, state_words


@dataclass(frozen=True)
class RequestRow:
    """What a list shows of a request. `amount` is in the request's currency, `since` in UTC."""

    request: Request
    kind: str
    word: str
    holder: str
    since: datetime
    amount: Decimal


def row_of(request: Request, open_stages: list[Stage], asked: Mapping[int, Asked] | None = None) -> RequestRow:
    """Return the line of a request; `open_stages` are those that wait for a decision, with their owners.

    `asked` says who is asked in the place of owners who are away.
    """
    kind, word = state_words(REQUEST_STATES, request.state)
    return RequestRow(
        request, kind, word, holder_of(request, open_stages, asked or {}), since_of(request, open_stages), request.amount
    )


def holder_of(request: Request, open_stages: list[Stage], asked: Mapping[int, Asked]) -> str:
    """Say who has it before them: the deciders of the open stages, else the requester of a draft or of what was sent back."""
    if request.is_editable:
        return request.requester.name
    people: dict[int, str] = {}
    for stage in open_stages:
        stand_in = asked[stage.pk].stand_in if stage.pk in asked else None
        if stand_in:
            people[stand_in.pk] = f"{stand_in} for {stage.owner}"
        else:
            people[stage.owner_id] = f"{stage.owner}, who is away" if stage.pk in asked else stage.owner.name
        if (stage.escalated_at or stage.covered_at) and stage.backup:
            people[stage.backup.pk] = stage.backup.name
    return ", ".join(people.values())


def since_of(request: Request, open_stages: list[Stage]) -> datetime:
    """Return since when it is where it is."""
    starts = [stage.assigned_at for stage in open_stages if stage.assigned_at]
    if starts:
        return min(starts)
    return request.decided_at or request.updated_at
