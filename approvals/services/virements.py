"""Moving budget from one line to another: asked for where the policy says so, else done at once by who keeps both.

While people decide, the amount is held at the giver as a request's money is: it cannot be spent meanwhile. Approved, the hold
is let go and the allotment moved, in one transaction that keeps every posting out; both sides are judged then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.locks import lock_form
from approvals.models import Request, Virement
from approvals.selectors.chains import Prediction, plan
from approvals.selectors.facts import ask_of_data
from approvals.selectors.moves import Move, Way, way_of
from approvals.selectors.terms import VIREMENT, virement_of
from approvals.services.requests import save_draft, submit_request
from approvals.services.spend import hold_again, key_of, release, reserve, undo_journals
from approvals.subjects import SubjectKind, register
from budgets.locks import lock_structure
from budgets.models import FundsAccount
from budgets.rules.postings import Posting
from budgets.selectors.balances import effect_of
from budgets.selectors.books import in_books
from budgets.services.ledger import PostedJournal
from budgets.services.transfers import transfer, try_transfer
from core import clock
from core.access import hold_to_limit, may, people_with
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.rules.rights import Right

LONGEST_MEMO = 400


@dataclass(frozen=True, slots=True)
class Moved:
    """What moving budget came to: a request that waits, or a journal where it was done at once."""

    request: Request | None = None
    journal: PostedJournal | None = None


@transaction.atomic
def move_budget(*, actor: User, move: Move, form_key: UUID, request_id: int | None = None) -> Moved:
    """Ask for a move, or do it at once where nobody has to be asked. One form, told by its `form_key`, moves once.

    `request_id` is that of a move that was sent back. Raises NotAllowed, InvalidInput by field, NoFunds (details: `giver` and
    `taker`), Missing, ClosedPeriod, WrongState, Stale.
    """
    _refuse_unless_reaches(actor, move)
    way = way_of(move)
    if way.at_once and request_id is None:
        return Moved(journal=_at_once(actor, move, way, form_key))
    kept = lock_form(form_key) if request_id is None else None
    if kept is not None and kept.requester_id == actor.pk and not kept.is_editable:
        return Moved(request=kept)
    return Moved(request=_ask(actor, move, way, form_key, request_id))


def predicted_move(*, actor: User, move: Move, way: Way) -> Prediction:
    """Say who would decide on a move, why, and by when. Raises InvalidInput, Missing."""
    entity = move.giver.entity
    ask = ask_of_data(requester=actor, entity=entity, data=_data(move, way))
    facts = replace(ask.facts, cost_centre_paths=(*ask.facts.cost_centre_paths, move.taker.cost_centre.path))
    return plan(replace(ask, facts=facts), now=clock.now())


def _refuse_unless_reaches(actor: User, move: Move) -> None:
    for field, account in (("giver", move.giver), ("taker", move.taker)):
        if not may(actor, Right.REQUEST, entity=account.entity, path=account.cost_centre.path):
            said = "This is not one of your budget lines. Choose one from the list."
            raise InvalidInput(said, details={field: said})


def _at_once(actor: User, move: Move, way: Way, form_key: UUID) -> PostedJournal:
    for account in (move.giver, move.taker):
        _refuse_unless_keeps(actor, account, move, way)
    return transfer(
        key=f"move:{form_key}",
        giver=move.giver,
        taker=move.taker,
        amounts=move.amounts,
        actor=actor,
        source=("move", str(form_key)),
        memo=move.reason[:LONGEST_MEMO],
    )


def _refuse_unless_keeps(actor: User, account: FundsAccount, move: Move, way: Way) -> None:
    entity, path = account.entity, account.cost_centre.path
    amount = in_books(move.total, move.giver.currency, entity, on=clock.now().date())
    if not may(actor, Right.BUDGET, entity=entity, path=path):
        able = [person.name for person in people_with(Right.BUDGET, entity=entity, path=path, amount=amount)]
        raise NotAllowed(
            f"{way.why} It is done at once, by who keeps {account.name}.",
            remedy=f"Ask {' or '.join(able[:3])}." if able else "Ask an administrator: nobody keeps it.",
            details={"who_may": able},
        )
    hold_to_limit(actor, Right.BUDGET, entity=entity, path=path, amount=amount, what=f"moving {move.total:,.2f}")


def _ask(actor: User, move: Move, way: Way, form_key: UUID, request_id: int | None) -> Request:
    request = save_draft(
        actor=actor,
        entity=move.giver.entity,
        data=_data(move, way),
        request_id=request_id,
        form_key=form_key if request_id is None else None,
        subject_kind=VIREMENT,
    )
    Virement.objects.update_or_create(request=request, defaults={"taker": move.taker})
    return submit_request(request_id=request.pk, actor=actor)


def _data(move: Move, way: Way) -> RequestData:
    lines = [LineData(f"To {move.taker.name}"[:300], move.giver.pk, month, amount) for month, amount in move.amounts.items()]
    return RequestData(kind=way.kind, title=move.title, lines=lines, reason=move.reason)


# ---------------------------------------------------------------- what a request for it does to the books


def hold(*, request: Request, actor: User) -> None:
    """Hold what the giver gives, if the transfer would pass now. Raises NoFunds with both sides, ClosedPeriod, InvalidInput."""
    giver, taker, amounts = _terms(request)
    try_transfer(giver=giver, taker=taker, amounts=amounts, actor=actor, key=f"{key_of(request, 'transfer')}:try")
    reserve(request=request, actor=actor)


def carry_out(*, request: Request, actor: User) -> None:
    """Let go of the hold and move the allotment, with every posting kept out. Raises NoFunds with both sides, ClosedPeriod."""
    giver, taker, amounts = _terms(request)
    lock_structure()
    release(request=request, actor=actor)
    transfer(
        key=key_of(request, "transfer"),
        giver=giver,
        taker=taker,
        amounts=amounts,
        actor=actor,
        source=("request", str(request.pk)),
        memo=f"{request.number} {request.title}"[:LONGEST_MEMO],
    )


def take_back(*, request: Request, actor: User) -> None:
    """Give back what was moved, and hold it again, by reversing both journals. The request counts as reopened already.

    Raises WrongState (used) where the taker has bound what it was given, ClosedPeriod.
    """
    _, taker, amounts = _terms(request)
    lock_structure()
    _refuse_if_used(request, taker, amounts)
    undo_journals(request=request, kinds=("transfer", "release"), actor=actor)


def _refuse_if_used(request: Request, taker: FundsAccount, amounts: Mapping[date, Decimal]) -> None:
    """A reversal is never refused for funds, so what must not be undone is looked for before."""
    effects = effect_of([Posting(taker.pk, month, "allotted", -amount) for month, amount in amounts.items()])
    if any(not effect.passes for effect in effects if effect.account_id == taker.pk):
        raise WrongState(
            f"{taker.name} has used what {request.number} moved there.", remedy="Move it back by another move.", code="used"
        )


def _terms(request: Request) -> tuple[FundsAccount, FundsAccount, dict[date, Decimal]]:
    """Return the giver, the taker, and what is moved by month."""
    virement = virement_of(request)
    lines = list(request.lines.select_related("account__entity", "account__cost_centre").order_by("number"))
    if virement is None or len({line.account_id for line in lines}) != 1 or len({line.month for line in lines}) != len(lines):
        raise InvalidInput("This says not where budget is moved to.", remedy="Ask for it on the page Move budget.")
    return lines[0].account, virement.taker, {line.month: line.funds for line in lines}


virements = register(
    SubjectKind(
        VIREMENT,
        "Move of budget",
        on_submit=hold,
        on_approve=carry_out,
        on_release=release,
        on_approve_undone=take_back,
        on_release_undone=hold_again,
    )
)
