"""Requests: kept as drafts, submitted, withdrawn, copied. Each function locks, checks again, changes, records, announces."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.events import RequestSubmitted, RequestWithdrawn
from approvals.locks import hold_policies, lock_asking, lock_contract, lock_form, lock_request, next_request_number
from approvals.models import Request, RequestLine, Round
from approvals.rules.document import KindPart
from approvals.rules.particulars import POLICY_CHANGE
from approvals.selectors.chains import Prediction, plan
from approvals.selectors.contents import content_of
from approvals.selectors.facts import Asked, ask_of_request, digest_of_request, read_request
from approvals.selectors.limits import has_limits
from approvals.selectors.particulars import stated
from approvals.selectors.policies import kinds_of, routed_by
from approvals.selectors.splits import has_splits
from approvals.selectors.terms import OVERRUN, OWN_PAGE, SPEND, draw_of
from approvals.services.attachments import attach
from approvals.services.attributes import refuse_without_attributes
from approvals.services.automatic import approve_by_policy
from approvals.services.particulars import copy_particulars, write_particulars
from approvals.services.rounds import begin_round, end_round
from approvals.subjects import kinds, subject_of
from budgets.models import Vendor
from budgets.services.vendors import ensure_vendor
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import Entity, User
from core.services import audit
from core.services.outbox import publish

__all__ = [
    "LineData",
    "RequestData",
    "attach",
    "copy_request",
    "put_before",
    "save_draft",
    "submit_request",
    "take_back",
    "withdraw_request",
]

COPIED = (
    *("kind", "subject_kind", "title", "reason", "vendor", "currency", "amount", "monthly_increase", "needed_by"),
    *("tags", "is_emergency", "card", "under_contract"),
)
COPIED_OF_LINE = ("number", "description", "account_id", "month", "net", "vat", "recoverable")


@transaction.atomic
def save_draft(
    *,
    actor: User,
    entity: Entity,
    data: RequestData,
    request_id: int | None = None,
    form_key: UUID | None = None,
    subject_kind: str = SPEND,
) -> Request:
    """Keep what is asked for: a new draft, or a change of one that is a draft or was sent back.

    One form, told by its `form_key`, makes one request, however often and however nearly at once it is saved.
    Raises InvalidInput (details by field: `title`, `reason`, `lines.0.net`), NotAllowed, WrongState, NotFound.
    """
    now = clock.now()
    request = lock_request(request_id) if request_id is not None else lock_form(form_key) if form_key is not None else None
    if request is not None:
        _refuse_unless_own(request, actor)
        _refuse_unless_editable(request)
        _refuse_unless_of(entity, request)
        _refuse_other_subject(request, subject_kind)
    asked = read_request(requester=actor, entity=entity, data=data)
    before = content_of(request) if request is not None else None
    was = request.subject_kind if request is not None else ""
    request = request or Request(
        number=new_number(now),
        entity=entity,
        requester=actor,
        created_at=now,
        form_key=form_key,
        subject_kind=subject_kind,
    )
    _write(request, data, asked, _vendor(entity, data, asked, actor), now)
    _write_lines(request, asked)
    write_particulars(request, asked, was=was)
    audit.record(actor=actor, verb="request.saved", subject=request, entity=entity, before=before, after=content_of(request))
    return request


@transaction.atomic
def submit_request(*, request_id: int, actor: User) -> Request:
    """Begin a round: weigh and route the request, put it before its first deciders, and hold the money.

    Where the policy approves it by itself, it is a commitment at once.

    Raises Missing (no rule, no owner: with whom to ask), NoFunds, ClosedPeriod, InvalidInput, NotAllowed, WrongState.
    """
    now = clock.now()
    request = lock_request(request_id)
    _refuse_unless_own(request, actor)
    _refuse_unless_editable(request)
    if request.under_contract_id is not None:
        lock_contract(request.under_contract_id)
    judge_again(request, actor, now)
    refuse_without_attributes(request)
    if has_limits(request.entity) or has_splits(request.entity):
        lock_asking(request.entity_id, actor.pk)
    return put_before(request=request, by=actor, now=now)


def put_before(*, request: Request, by: User | None, now: datetime) -> Request:
    """Route a request that is locked and judged, begin its round, and let its subject do what it does then.

    `by` is who submits it: its requester, or None where Purser does in their name. Raises Missing, NoFunds, ClosedPeriod.
    """
    asker = request.requester
    hold_policies(request.entity_id)
    prediction = plan(ask_of_request(request), now=now, version=routed_by(request, now))
    before = {"state": request.state, "round": request.round}
    _route(request, prediction, now)
    begin_round(request=request, prediction=prediction, now=now)
    after = {"state": request.state, "round": request.round, "digest": request.digest, "rule": prediction.rule.name}
    audit.record(actor=by, verb="request.submitted", subject=request, entity=request.entity, before=before, after=after)
    publish(RequestSubmitted(request_id=request.pk, round=request.round, actor_id=asker.pk, at=now.isoformat()))
    if prediction.is_automatic:
        approve_by_policy(request=request, rule=prediction.rule, now=now)
    subject_of(request).on_submit(request=request, actor=asker)
    if prediction.is_automatic:
        subject_of(request).on_approve(request=request, actor=asker)
    return request


@transaction.atomic
def withdraw_request(*, request_id: int, actor: User) -> Request:
    """Take a request back; what it holds is released. Raises NotAllowed, WrongState, ClosedPeriod, NotFound."""
    now = clock.now()
    request = lock_request(request_id)
    _refuse_unless_own(request, actor)
    return take_back(request=request, by=actor, now=now)


def take_back(*, request: Request, by: User | None, now: datetime) -> Request:
    """Withdraw a request that is locked; `by` is its requester, or None where Purser does. Raises WrongState, ClosedPeriod."""
    asker, before = request.requester, request.state
    if before not in (*Request.EDITABLE, Request.State.SUBMITTED):
        raise WrongState(f"{request.number} is {request.get_state_display()}.", remedy="It can no longer be withdrawn.")
    request.withdraw()
    request.updated_at = now
    request.save(update_fields=["state", "updated_at"])
    if before == Request.State.SUBMITTED:
        end_round(request=request, outcome=Round.Outcome.WITHDRAWN, now=now)
    audit.record(
        actor=by,
        verb="request.withdrawn",
        subject=request,
        entity=request.entity,
        before={"state": before},
        after={"state": request.state},
    )
    publish(RequestWithdrawn(request_id=request.pk, round=request.round, actor_id=asker.pk, at=now.isoformat()))
    if before == Request.State.SUBMITTED or request.subject_kind == OVERRUN:
        subject_of(request).on_release(request=request, actor=asker)
    return request


@transaction.atomic
def copy_request(*, request_id: int, actor: User) -> Request:
    """Make a new draft that asks for the same. Its months are judged when it is submitted. Raises NotAllowed, NotFound."""
    now = clock.now()
    source = lock_request(request_id)
    _refuse_unless_own(source, actor)
    _refuse_other_subject(source, SPEND)
    copy = Request.objects.create(
        number=new_number(now),
        entity=source.entity,
        requester=actor,
        copied_from=source,
        created_at=now,
        updated_at=now,
        **{name: getattr(source, name) for name in COPIED},
    )
    RequestLine.objects.bulk_create(
        RequestLine(request=copy, **{name: getattr(line, name) for name in COPIED_OF_LINE})
        for line in source.lines.order_by("number")
    )
    copy_particulars(source, copy)
    audit.record(actor=actor, verb="request.copied", subject=copy, entity=copy.entity, after={"from": source.number})
    return copy


def new_number(now: datetime) -> str:
    """Take the next request number of the year."""
    return f"REQ-{now.year}-{next_request_number(now.year):04d}"


def refuse_unless_open_to(request: Request, actor: User) -> None:
    """Refuse whoever did not write the request, and what does not change any more. Raises NotAllowed, WrongState."""
    _refuse_unless_own(request, actor)
    _refuse_unless_editable(request)


def _refuse_unless_own(request: Request, actor: User) -> None:
    if request.requester_id != actor.pk:
        raise NotAllowed("This is somebody else's request.", remedy="Only its requester changes it.")


def _refuse_unless_editable(request: Request) -> None:
    if not request.is_editable:
        remedy = "Withdraw it first, or copy it." if request.state == Request.State.SUBMITTED else "Copy it into a new request."
        raise WrongState(f"{request.number} is {request.get_state_display()}; it does not change any more.", remedy=remedy)


def _refuse_unless_of(entity: Entity, request: Request) -> None:
    if request.entity_id != entity.pk:
        raise InvalidInput(f"{request.number} belongs to another entity.", remedy="Make a new request there.")


def _refuse_other_subject(request: Request, subject_kind: str) -> None:
    """What changes a budget or a policy says more than its lines: it is asked for and changed on a page of its own."""
    if request.subject_kind == POLICY_CHANGE:
        raise WrongState(
            f"{request.number} is about a draft of a policy.", remedy="Put another draft to approval on that draft's page."
        )
    if {request.subject_kind, subject_kind} & OWN_PAGE and request.subject_kind != subject_kind:
        raise WrongState(
            f"{request.number} changes a budget; it is no request for money.", remedy="Change it on the page that it came from."
        )


def judge_again(request: Request, actor: User, now: datetime) -> None:
    """Months close and rights end between keeping a draft and submitting it, and a trip begins."""
    as_written = {OVERRUN, POLICY_CHANGE}
    subject = request.subject_kind if request.subject_kind in as_written else _read_again(request, actor).subject
    kinds[subject].before_submit(request=request, now=now)


def _read_again(request: Request, actor: User) -> Asked:
    draw = draw_of(request)
    lines = [
        LineData(line.description, line.account_id, line.month, line.net, line.vat, line.recoverable)
        for line in request.lines.order_by("number")
    ]
    data = RequestData(
        kind=request.kind,
        title=request.title,
        lines=lines,
        reason=request.reason,
        vendor_id=request.vendor_id,
        monthly_increase=request.monthly_increase,
        particulars=stated(request),
        tags=request.tags,
        is_emergency=request.is_emergency,
        card_id=request.card_id,
        contract=request.under_contract.request.number if request.under_contract else "",
        reserve_id=draw.reserve_id if draw else None,
    )
    return read_request(requester=actor, entity=request.entity, data=data)


def _route(request: Request, prediction: Prediction, now: datetime) -> None:
    kind = kinds_of(prediction.policy_version)[request.kind]
    if request.subject_kind != OVERRUN:
        # A policy may have overruns decided as it does overrides: they stay what they are.
        _refuse_changed_subject(request, kind)
        request.subject_kind = kind.subject
    request.policy_version = prediction.policy_version
    request.trace = [asdict(step) for step in prediction.trace]
    risk = prediction.risk
    request.risk_score = risk.score if risk else None
    request.risk_reasons = [asdict(reason) for reason in risk.reasons] if risk else []
    request.follow_up = prediction.rule.follow_up
    request.digest = digest_of_request(request)
    request.round += 1
    request.submitted_at = request.updated_at = now
    request.decided_at = None
    request.submit()
    request.save()


def _refuse_changed_subject(request: Request, kind: KindPart) -> None:
    """What approving it does was stated when it was written: a policy that says otherwise by now needs another request."""
    if {request.subject_kind, kind.subject} & OWN_PAGE and request.subject_kind != kind.subject:
        raise InvalidInput(
            f"“{kind.name}” is asked for on a page of its own.",
            remedy="Choose another kind here, or begin at the budget's page.",
            details={"kind": "Choose a kind that asks for money."},
        )


def _vendor(entity: Entity, data: RequestData, asked: Asked, actor: User) -> Vendor | None:
    if asked.vendor is None and data.vendor_name.strip():
        return ensure_vendor(entity=entity, name=data.vendor_name.strip(), actor=actor)
    return asked.vendor


def _write(request: Request, data: RequestData, asked: Asked, vendor: Vendor | None, now: datetime) -> None:
    request.kind = data.kind
    if not {request.subject_kind, asked.subject} & OWN_PAGE:
        request.subject_kind = asked.subject
    request.title = data.title.strip()
    request.reason = data.reason.strip()
    request.vendor = vendor
    request.currency = asked.currency
    request.amount = asked.amount
    request.monthly_increase = asked.monthly_increase
    request.needed_by = data.needed_by
    request.tags = dict(data.tags)
    request.is_emergency = data.is_emergency
    request.card = asked.card
    request.under_contract = asked.contract
    request.updated_at = now
    request.save()


def _write_lines(request: Request, asked: Asked) -> None:
    """Lines keep their rows by number, so that what the ledger says of them stays findable."""
    rows = {row.number: row for row in request.lines.all()}
    for number, line in enumerate(asked.lines, start=1):
        row = rows.pop(number, None) or RequestLine(request=request, number=number)
        row.description, row.account, row.month = line.description, line.account, line.month
        row.net, row.vat, row.recoverable = line.net, line.vat, line.recoverable
        row.save()
    for row in rows.values():
        row.delete()
