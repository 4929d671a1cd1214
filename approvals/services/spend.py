"""Spend, the first kind of thing to approve: submitted it reserves, approved it commits, let go it releases."""

from decimal import Decimal

from approvals.models import Request
from approvals.subjects import SubjectKind, register
from budgets.services.ledger import Posting, post
from core.models import User


def reserve(*, request: Request, actor: User) -> None:
    """Hold what each line takes. Raises NoFunds, ClosedPeriod."""
    _post(request, actor, "reserve", [("reserved", 1)])


def commit(*, request: Request, actor: User) -> None:
    """Turn the reservation of each line into a commitment. Raises ClosedPeriod."""
    _post(request, actor, "commit", [("reserved", -1), ("committed", 1)], settles=key_of(request, "reserve"))


def release(*, request: Request, actor: User) -> None:
    """Let go of what each line holds. Raises ClosedPeriod."""
    _post(request, actor, "release", [("reserved", -1)], settles=key_of(request, "reserve"))


def key_of(request: Request, kind: str) -> str:
    """Return the key of the journal of a kind (reserve, commit, release) that the request's present round posts."""
    return f"request:{request.pk}:round:{request.round}:{kind}"


def _post(request: Request, actor: User, kind: str, moves: list[tuple[str, int]], settles: str = "") -> None:
    post(
        key=key_of(request, kind),
        kind=kind,
        entity=request.entity,
        postings=[
            Posting(line.account_id, line.month, bucket, Decimal(sign) * line.funds, line.thread, request.number)
            for line in request.lines.order_by("number")
            for bucket, sign in moves
        ],
        actor=actor,
        source=("request", str(request.pk)),
        settles=settles,
        memo=f"{request.number} {request.title}",
    )


spend = register(SubjectKind("spend", "Spend", on_submit=reserve, on_approve=commit, on_release=release))
