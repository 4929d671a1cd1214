"""Drawing on a reserve: asked for with its document, held on the reserve until decided, and moved to the line that needs it.

The reserve's own approver decides, whatever a policy says besides. Approved, the hold is let go and the allotment moves, in one
transaction that keeps every posting out, and a report about the use is owed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.events import DrawOwesReport
from approvals.locks import lock_form, lock_reserve
from approvals.models import DrawReport, Request, Reserve, ReserveDraw
from approvals.rules import sla
from approvals.selectors.chains import Prediction, plan
from approvals.selectors.draws import Drawing, needed_kind, needed_terms
from approvals.selectors.facts import ask_of_data
from approvals.selectors.reserves import available_in, covers, terms_at
from approvals.selectors.terms import RESERVE_DRAW, draw_of
from approvals.services.attachments import attach
from approvals.services.requests import save_draft, submit_request
from approvals.services.spend import hold_again, key_of, release, reserve, undo_journals
from approvals.subjects import SubjectKind, register
from budgets.locks import lock_structure
from budgets.models import FundsAccount
from budgets.rules.months import first_of
from budgets.rules.postings import Posting, check_amount
from budgets.rules.sentences import money, month_name
from budgets.selectors.balances import effect_of
from budgets.services.transfers import transfer, try_transfer
from core import clock
from core.access import may
from core.errors import InvalidInput, NoFunds, WrongState
from core.models import User
from core.rules.rights import Right
from core.selectors.calendars import calendar_of
from core.services.outbox import publish
from core.storage import files_with_rows

LONGEST_MEMO = 400
LONGEST_DOCUMENT = 20_000
File = tuple[str, bytes]


@files_with_rows()
@transaction.atomic
def ask_draw(
    *, actor: User, drawing: Drawing, form_key: UUID, file: File | None = None, request_id: int | None = None
) -> Request:
    """Ask for a draw on a reserve, with its document written or attached. It holds the money until it is decided.

    One form, told by its `form_key`, asks once. `request_id` is that of one that was sent back. Raises InvalidInput by field,
    Missing (the policy knows none), NoFunds, ClosedPeriod, WrongState, Stale.
    """
    kept = lock_form(form_key) if request_id is None else None
    if kept is not None and kept.requester_id == actor.pk and not kept.is_editable:
        return kept
    _check(actor, drawing)
    terms = needed_terms(drawing.reserve, drawing.amounts)
    request = save_draft(
        actor=actor,
        entity=drawing.reserve.entity,
        data=_data(drawing, needed_kind(drawing)),
        request_id=request_id,
        form_key=form_key if request_id is None else None,
        subject_kind=RESERVE_DRAW,
    )
    said = {
        "reserve": drawing.reserve,
        "terms": terms,
        "taker": drawing.taker,
        "document": drawing.document.strip(),
    }
    ReserveDraw.objects.update_or_create(request=request, defaults=said)
    if file is not None:
        attach(request_id=request.pk, actor=actor, name=file[0], content=file[1])
    return submit_request(request_id=request.pk, actor=actor)


def predicted_draw(*, actor: User, drawing: Drawing) -> Prediction:
    """Say who would decide on a draw, why, and by when. Raises InvalidInput, Missing."""
    terms = needed_terms(drawing.reserve, drawing.amounts)
    ask = ask_of_data(requester=actor, entity=drawing.reserve.entity, data=_data(drawing, needed_kind(drawing)))
    facts = replace(ask.facts, cost_centre_paths=(*ask.facts.cost_centre_paths, drawing.taker.cost_centre.path))
    return plan(replace(ask, facts=facts, draws_by=terms), now=clock.now())


def check_draw(*, request: Request, now: datetime) -> None:
    """A draw is submitted by what holds of its reserve, with the document that this names. Raises InvalidInput, WrongState."""
    draw = draw_of(request)
    if draw is None:
        raise InvalidInput("This says not on which reserve it draws.", remedy="Ask for it on the page of the reserve.")
    if draw.reserve.closed_at is not None:
        raise WrongState(f"{draw.reserve.name} was given up.", remedy="Draw on another reserve, or move budget.")
    first = request.lines.order_by("month").values_list("month", flat=True).first()
    if first is None or terms_at(draw.reserve, first) != draw.terms:
        raise WrongState(f"Something else is stated of {draw.reserve.name} now.", remedy="Edit the draw, then submit it again.")
    if not draw.document and not request.attachments.exists():
        said = f"Write the {draw.terms.document}, or attach it."
        raise InvalidInput(f"The {draw.terms.document} is missing.", remedy=said, code="no_document", details={"document": said})


def _check(actor: User, drawing: Drawing) -> None:
    taker, held = drawing.taker, drawing.reserve
    wrong: dict[str, str] = {}
    if not may(actor, Right.REQUEST, entity=taker.entity, path=taker.cost_centre.path):
        wrong["taker"] = "This is not one of your budget lines. Choose one from the list."
    elif not covers(held, taker):
        where = held.account.cost_centre.name
        wrong["taker"] = f"{held.name} is there for other lines at {where} and below it, in {held.account.currency}. Choose one."
    if not drawing.reason.strip():
        wrong["reason"] = "Say why in a sentence; whoever decides reads it first."
    if len(drawing.document) > LONGEST_DOCUMENT or "\x00" in drawing.document:
        wrong["document"] = f"Shorten this to {LONGEST_DOCUMENT:,} characters of text, or attach it as a file."
    if not drawing.amounts or any(amount <= 0 for amount in drawing.amounts.values()):
        wrong["amount"] = "State how much is drawn: an amount above zero."
    if wrong:
        raise InvalidInput(next(iter(wrong.values())), details=wrong)
    for amount in drawing.amounts.values():
        check_amount(amount)


def _data(drawing: Drawing, kind: str) -> RequestData:
    words = f"For {drawing.taker.name}"[:300]
    account = drawing.reserve.account_id
    lines = [LineData(words, account, first_of(month), amount) for month, amount in sorted(drawing.amounts.items())]
    return RequestData(kind=kind, title=drawing.title, lines=lines, reason=drawing.reason, reserve_id=drawing.reserve.pk)


# ---------------------------------------------------------------- what a request for it does to the books


def hold(*, request: Request, actor: User) -> None:
    """Hold what is drawn, if the reserve has it and the line could take it now. Raises NoFunds, ClosedPeriod, InvalidInput."""
    draw, amounts = _terms(request)
    held = lock_reserve(draw.reserve_id)
    _refuse_more_than_left(held, amounts)
    source = ("request", str(request.pk))
    key = f"{key_of(request, 'transfer')}:try"
    try_transfer(giver=held.account, taker=draw.taker, amounts=amounts, actor=actor, key=key, source=source)
    reserve(request=request, actor=actor)


def hold_once_more(*, request: Request, actor: User) -> None:
    """Hold anew what was let go, if the reserve still has it. Raises NoFunds, ClosedPeriod."""
    draw, amounts = _terms(request)
    _refuse_more_than_left(lock_reserve(draw.reserve_id), amounts)
    hold_again(request=request, actor=actor)


def carry_out(*, request: Request, actor: User) -> None:
    """Let go of the hold, move the allotment, and let a report be owed. Raises NoFunds with both sides, ClosedPeriod."""
    draw, amounts = _terms(request)
    held = lock_reserve(draw.reserve_id)
    due = sla.due_at(_span(draw), calendar_of(request.entity, around=clock.now()), clock.now())
    DrawReport.objects.create(draw=draw, due_at=due)
    publish(DrawOwesReport(request_id=request.pk, at=clock.now().isoformat()))
    lock_structure()
    release(request=request, actor=actor)
    transfer(
        key=key_of(request, "transfer"),
        giver=held.account,
        taker=draw.taker,
        amounts=amounts,
        actor=actor,
        source=("request", str(request.pk)),
        memo=f"{request.number} {request.title}"[:LONGEST_MEMO],
    )


def take_back(*, request: Request, actor: User) -> None:
    """Give back to the reserve what was drawn, and hold it again, by reversing both journals. No report is owed any more.

    The request counts as reopened already. Raises WrongState (used) where the line has bound what it was given or the report
    was written, ClosedPeriod.
    """
    draw, amounts = _terms(request)
    lock_reserve(draw.reserve_id)
    lock_structure()
    _refuse_if_used(request, draw.taker, amounts)
    DrawReport.objects.filter(draw=draw).delete()
    undo_journals(request=request, kinds=("transfer", "release"), actor=actor)


def _span(draw: ReserveDraw) -> sla.Span:
    return sla.Span(sla.Unit.BUSINESS_DAYS, draw.terms.report_days)


def _refuse_if_used(request: Request, taker: FundsAccount, amounts: Mapping[date, Decimal]) -> None:
    """A reversal is never refused for funds, so what must not be undone is looked for before."""
    if DrawReport.objects.filter(draw__request=request, written_at__isnull=False).exists():
        said = f"The report about {request.number} is written."
        raise WrongState(said, remedy="Move what is left back to the reserve instead.", code="used")
    effects = effect_of([Posting(taker.pk, month, "allotted", -amount) for month, amount in amounts.items()])
    if any(not effect.passes for effect in effects if effect.account_id == taker.pk):
        said = f"{taker.name} has used what {request.number} drew for it."
        raise WrongState(said, remedy="Move what is left back to the reserve instead.", code="used")


def _refuse_more_than_left(held: Reserve, amounts: Mapping[date, Decimal]) -> None:
    """A reserve has no more than it holds, whatever its controls would let pass."""
    wanted = Decimal(0)
    for month, amount in sorted(amounts.items()):
        left = available_in(held.account, month)
        wanted += amount
        if wanted > left:
            raise NoFunds(
                f"{held.name} has {money(max(left, Decimal(0)))} left in {month_name(month)}; this draws {money(wanted)}.",
                remedy="Draw less, or move budget to the reserve first.",
                details={
                    "node": held.name,
                    "window": "life",
                    "from": None,
                    "to": None,
                    "currency": held.account.currency,
                    "cap": f"{left:.2f}",
                    "held": "0.00",
                    "wanted": f"{wanted:.2f}",
                    "left": f"{left:.2f}",
                    "consumers": [],
                },
            )


def _terms(request: Request) -> tuple[ReserveDraw, dict[date, Decimal]]:
    """Return the draw, and what is drawn by month."""
    draw = draw_of(request)
    lines = list(request.lines.order_by("number"))
    if draw is None or {line.account_id for line in lines} != {draw.reserve.account_id}:
        raise InvalidInput("This says not on which reserve it draws.", remedy="Ask for it on the page of the reserve.")
    if len({line.month for line in lines}) != len(lines):
        raise InvalidInput("A month is named twice.", remedy="State one amount for each month.")
    return draw, {line.month: line.funds for line in lines}


draws = register(
    SubjectKind(
        RESERVE_DRAW,
        "Draw on a reserve",
        on_submit=hold,
        on_approve=carry_out,
        on_release=release,
        on_approve_undone=take_back,
        on_release_undone=hold_once_more,
        before_submit=check_draw,
    )
)
