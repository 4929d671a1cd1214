"""Spend, the first kind of thing to approve: submitted it reserves, approved it commits, let go it releases."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from approvals.models import Request
from approvals.selectors.overrides import passes_stops
from approvals.subjects import SubjectKind, register
from budgets.models import Journal
from budgets.services.ledger import Posting, post, reverse
from core.errors import WrongState
from core.models import User


def reserve(*, request: Request, actor: User) -> None:
    """Hold what each line takes; past every stop where just that was approved. Raises NoFunds, ClosedPeriod."""
    _post(request, actor, "reserve", [("reserved", 1)], is_override=passes_stops(request))


def try_reserve(*, request: Request, actor: User) -> None:
    """Hold what each line takes and undo it: what that refuses is refused, and nothing of it stays."""
    with transaction.atomic():
        _post(request, actor, "try", [("reserved", 1)])
        transaction.set_rollback(True)


def commit(*, request: Request, actor: User) -> None:
    """Turn the reservation of each line into a commitment. Raises ClosedPeriod."""
    _post(request, actor, "commit", [("reserved", -1), ("committed", 1)], settles=_hold_of(request))


def release(*, request: Request, actor: User) -> None:
    """Let go of what each line holds. Raises ClosedPeriod."""
    _post(request, actor, "release", [("reserved", -1)], settles=_hold_of(request))


def take_back_commitment(*, request: Request, actor: User) -> None:
    """Turn the commitment into the reservation that it was, by reversing its journal. The request counts as reopened already.

    Raises WrongState where something was booked on it meanwhile, ClosedPeriod.
    """
    journal = Journal.objects.get(key=key_of(request, "commit", tried=request.reopened - 1))
    try:
        reverse(
            journal_id=journal.pk, key=key_of(request, "uncommit"), actor=actor, memo=f"{request.number}, approval taken back"
        )
    except WrongState as refusal:
        said = f"Something was booked on the commitment of {request.number} meanwhile."
        raise WrongState(said, remedy="Undo the match, the move or the closing first.", code="used") from refusal


def undo_journals(*, request: Request, kinds: Sequence[str], actor: User) -> None:
    """Reverse what approving posted by journals of these kinds, in their order. The request counts as reopened already.

    A reversal is never refused for funds: callers look before whether what it takes away is still there. Raises ClosedPeriod.
    """
    for kind in kinds:
        journal = Journal.objects.get(key=key_of(request, kind, tried=request.reopened - 1))
        memo = f"{request.number}, approval taken back"
        reverse(journal_id=journal.pk, key=f"{key_of(request, kind)}:undone", actor=actor, memo=memo)


def hold_again(*, request: Request, actor: User) -> None:
    """Hold anew what was let go; the request counts as reopened already. Raises NoFunds (taken meanwhile), ClosedPeriod."""
    reserve(request=request, actor=actor)


def key_of(request: Request, kind: str, *, tried: int | None = None) -> str:
    """Return the key of the journal of a kind (reserve, commit, release) that the request's present round posts.

    A round that was reopened posts some kinds once more; `tried` is how often the request had been by then.
    """
    again = request.reopened if tried is None else tried
    return f"request:{request.pk}:round:{request.round}:{kind}" + (f":{again}" if again else "")


def _hold_of(request: Request) -> str:
    """Return the key of the journal that reserved what the request holds: the latest of its round."""
    keys = [key_of(request, "reserve", tried=tried) for tried in range(request.reopened + 1)]
    if len(keys) == 1:
        return keys[0]
    return Journal.objects.filter(key__in=keys).order_by("-id").values_list("key", flat=True)[0]


def _post(
    request: Request, actor: User, kind: str, moves: list[tuple[str, int]], settles: str = "", *, is_override: bool = False
) -> None:
    post(
        key=key_of(request, kind),
        kind="reserve" if kind == "try" else kind,
        entity=request.entity,
        postings=[
            Posting(line.account_id, line.month, bucket, Decimal(sign) * line.funds, line.thread, request.number)
            for line in request.lines.order_by("number")
            for bucket, sign in moves
        ],
        actor=actor,
        source=("request", str(request.pk)),
        is_override=is_override,
        settles=settles,
        memo=f"{request.number} {request.title}",
    )


spend = register(
    SubjectKind(
        "spend",
        "Spend",
        on_submit=reserve,
        on_approve=commit,
        on_release=release,
        on_approve_undone=take_back_commitment,
        on_release_undone=hold_again,
    )
)
