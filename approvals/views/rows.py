"""A request in one line: its state, who holds it now and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from approvals.models import Request, Stage
from approvals.selectors.delegations import Asked
from approvals.selectors.particulars import marks_of
from approvals.selectors.terms import HOLDS_NOTHING
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
    marks: tuple[str, ...] = ()
    by_policy: bool = False


def row_of(
    request: Request,
    open_stages: list[Stage],
    asked: Mapping[int, Asked] | None = None,
    *,
    by_policy: bool | None = None,
) -> RequestRow:
    """Return the line of a request; `open_stages` are those that wait for a decision, with their owners.

    `asked` says who is asked in the place of owners who are away; `by_policy`, where it was not read with the request, whether
    the policy itself approved it.
    """
    kind, word = state_words(REQUEST_STATES, request.state)
    marked = bool(getattr(request, "by_policy", False)) if by_policy is None else by_policy
    by_policy = marked and request.state == Request.State.APPROVED
    word = f"{word} by the policy" if by_policy else word
    holder, since = holder_of(request, open_stages, asked or {}), since_of(request, open_stages)
    return RequestRow(request, kind, word, holder, since, request.amount, tuple(marks_of(request)), by_policy)


def submitted_words(done: Request) -> str:
    """Say what submitting a request came to."""
    amount = f"{done.amount:,.2f} {done.currency}"
    if done.state == Request.State.APPROVED:
        return f"{done.number} is approved by the policy: {amount} is committed."
    holds = "" if done.subject_kind in HOLDS_NOTHING else f" and holds {amount}"
    return f"{done.number} is submitted{holds}."


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
