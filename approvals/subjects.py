"""The registry of kinds of things that can be approved, and what approving each does to the books.

A room above registers its own kind here; approvals calls it in the transaction of the submission or decision.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from approvals.models import Request
from core.models import User


class Effect(Protocol):
    """What a step of a request does beyond its state. It is the last statement of the step's transaction."""

    def __call__(self, *, request: Request, actor: User) -> None:
        """Do it. A Refusal undoes the whole step."""


class Check(Protocol):
    """What must hold before a draft is submitted. A Refusal keeps it a draft."""

    def __call__(self, *, request: Request, now: datetime) -> None:
        """Judge it as of `now`."""


def nothing_more(*, request: Request, now: datetime) -> None:
    """Ask for nothing beyond what every request must have."""


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A kind of thing to approve: what happens when it is submitted, approved for good, or let go.

    The latter two are undone where their decision is taken back. What undoes refuses where something followed that must stay.
    `before_submit` looks at a draft that is about to be submitted, and refuses what the kind does not let pass.
    """

    code: str
    name: str
    on_submit: Effect
    on_approve: Effect
    on_release: Effect
    on_approve_undone: Effect
    on_release_undone: Effect
    before_submit: Check = nothing_more


kinds: dict[str, SubjectKind] = {}


def register(kind: SubjectKind) -> SubjectKind:
    """Make a kind known. A code is registered once."""
    if kind.code in kinds and kinds[kind.code] != kind:
        raise ValueError(f"The kind {kind.code} is registered already.")
    kinds[kind.code] = kind
    return kind


def subject_of(request: Request) -> SubjectKind:
    """Return the kind of thing that `request` asks to approve."""
    return kinds[request.subject_kind]
