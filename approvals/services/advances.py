"""Taking money of a later month in advance: asked for, held there until it is decided, and missing there afterwards.

Approved, the hold is let go and the allotment moves to the earlier month, in one transaction that keeps every posting out.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.locks import lock_form
from approvals.models import Advance, Request
from approvals.selectors.advances import Taking, needed_kind
from approvals.selectors.chains import Prediction, plan
from approvals.selectors.facts import ask_of_data
from approvals.selectors.terms import ADVANCE, advance_of
from approvals.services.requests import save_draft, submit_request
from approvals.services.spend import hold_again, key_of, release, reserve, undo_journals
from approvals.subjects import SubjectKind, register
from budgets.locks import lock_structure
from budgets.models import FundsAccount
from budgets.rules.months import first_of
from budgets.rules.postings import Posting
from budgets.selectors.balances import effect_of
from budgets.services.advances import advance, try_advance
from core import clock
from core.access import may
from core.errors import InvalidInput, WrongState
from core.models import User
from core.rules.rights import Right

LONGEST_MEMO = 400


@transaction.atomic
def ask_advance(*, actor: User, taking: Taking, form_key: UUID, request_id: int | None = None) -> Request:
    """Ask for an advance. It holds the later months' money until it is decided. One form, told by its `form_key`, asks once.

    `request_id` is that of one that was sent back. Raises InvalidInput by field, Missing (the policy knows none), NoFunds,
    ClosedPeriod, WrongState, Stale.
    """
    account = taking.account
    if not may(actor, Right.REQUEST, entity=account.entity, path=account.cost_centre.path):
        said = "This is not one of your budget lines. Choose one from the list."
        raise InvalidInput(said, details={"account": said})
    kept = lock_form(form_key) if request_id is None else None
    if kept is not None and kept.requester_id == actor.pk and not kept.is_editable:
        return kept
    request = save_draft(
        actor=actor,
        entity=account.entity,
        data=_data(taking, needed_kind(account)),
        request_id=request_id,
        form_key=form_key if request_id is None else None,
        subject_kind=ADVANCE,
    )
    Advance.objects.update_or_create(request=request, defaults={"into": first_of(taking.into)})
    return submit_request(request_id=request.pk, actor=actor)


def predicted_advance(*, actor: User, taking: Taking) -> Prediction:
    """Say who would decide on an advance, why, and by when. Raises InvalidInput, Missing."""
    account = taking.account
    ask = ask_of_data(requester=actor, entity=account.entity, data=_data(taking, needed_kind(account)))
    return plan(replace(ask), now=clock.now())


def _data(taking: Taking, kind: str) -> RequestData:
    words = f"For {taking.into:%B %Y}, in advance"
    lines = [LineData(words, taking.account.pk, month, amount) for month, amount in taking.amounts.items()]
    return RequestData(kind=kind, title=taking.title, lines=lines, reason=taking.reason)


# ---------------------------------------------------------------- what a request for it does to the books


def hold(*, request: Request, actor: User) -> None:
    """Hold what the later months give, if the advance would pass now. Raises NoFunds, ClosedPeriod, InvalidInput."""
    account, into, amounts = _terms(request)
    try_advance(account=account, into=into, amounts=amounts, actor=actor, key=f"{key_of(request, 'advance')}:try")
    reserve(request=request, actor=actor)


def carry_out(*, request: Request, actor: User) -> None:
    """Let go of the hold and move the allotment, with every posting kept out. Raises NoFunds, ClosedPeriod."""
    account, into, amounts = _terms(request)
    lock_structure()
    release(request=request, actor=actor)
    advance(
        key=key_of(request, "advance"),
        account=account,
        into=into,
        amounts=amounts,
        actor=actor,
        source=("request", str(request.pk)),
        memo=f"{request.number} {request.title}"[:LONGEST_MEMO],
    )


def take_back(*, request: Request, actor: User) -> None:
    """Give back what was taken, and hold it again, by reversing both journals. The request counts as reopened already.

    Raises WrongState (used) where the earlier month has bound what it was given, ClosedPeriod.
    """
    account, into, amounts = _terms(request)
    lock_structure()
    effects = effect_of([Posting(account.pk, into, "allotted", -sum(amounts.values(), Decimal(0)))])
    if any(not effect.passes for effect in effects if effect.account_id == account.pk):
        raise WrongState(
            f"{into:%B %Y} has used what {request.number} brought it.", remedy="Let what it holds go first.", code="used"
        )
    undo_journals(request=request, kinds=("advance", "release"), actor=actor)


def _terms(request: Request) -> tuple[FundsAccount, date, dict[date, Decimal]]:
    """Return the line, the month that is given to, and what is taken from which later month."""
    found = advance_of(request)
    lines = list(request.lines.select_related("account__entity", "account__cost_centre").order_by("number"))
    if found is None or len({line.account_id for line in lines}) != 1 or len({line.month for line in lines}) != len(lines):
        raise InvalidInput("This says not what is taken in advance.", remedy="Ask for it on the page Take in advance.")
    return lines[0].account, found.into, {line.month: line.funds for line in lines}


advances = register(
    SubjectKind(
        ADVANCE,
        "Advance on a later month",
        on_submit=hold,
        on_approve=carry_out,
        on_release=release,
        on_approve_undone=take_back,
        on_release_undone=hold_again,
    )
)
