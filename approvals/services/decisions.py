"""Decisions: one row each, bound to what was decided on. A stale click is refused with the reason, never taken as a yes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from approvals.events import RequestApproved, RequestEvent, RequestRejected, RequestReturned
from approvals.locks import lock_stage
from approvals.models import Decision, Request, Round, Stage, StageMember
from approvals.rules.committees import Outcome
from approvals.rules.delegation import lowest
from approvals.selectors.particulars import weight_of
from approvals.selectors.seats import deciders, scope_of
from approvals.selectors.tallies import tally_of
from approvals.services.absences import cover_request
from approvals.services.questions import end_questions
from approvals.services.receipts import keep_receipt
from approvals.services.rounds import assign_group, end_round, next_group
from approvals.services.standing import Stand, refuse_unless_asked
from approvals.services.timers import cancel_timers
from approvals.subjects import subject_of
from core import clock
from core.errors import InvalidInput, NotAllowed
from core.models import User
from core.rules.rights import within
from core.services import audit
from core.services.outbox import publish

LONGEST_COMMENT = 20_000


@transaction.atomic
def approve_stage(*, stage_id: int, actor: User, digest: str, comment: str = "") -> Decision:
    """Approve a stage as `actor`, in their own place or for somebody who is away. The last approval needed commits the money.

    `digest` is that of what the person saw. Raises Stale (409, with what changed), NotAllowed, Missing, ClosedPeriod, NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    places = refuse_unless_asked(request, stage, actor, seen=digest)
    place = _within_limit(request, stage, actor, places)
    decision = _write(request, stage, actor, place, Decision.Verdict.APPROVE, comment, now)
    _settle(request, stage, actor, decision)
    return decision


@transaction.atomic
def reject_stage(*, stage_id: int, actor: User, digest: str, comment: str) -> Decision:
    """Say no: the request ends, the money is released, its history stays. Raises as approve_stage does, and InvalidInput.

    Where a committee counts a no as one vote, the request ends once too few are left to approve it.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    place = refuse_unless_asked(request, stage, actor, seen=digest)[0]
    _refuse_blank(comment, "Say why it is rejected.")
    decision = _write(request, stage, actor, place, Decision.Verdict.REJECT, comment, now)
    _settle(request, stage, actor, decision)
    return decision


@transaction.atomic
def send_back(*, stage_id: int, actor: User, digest: str, comment: str) -> Decision:
    """Give the request back to be changed; the money is released until it comes again. Raises as reject_stage does."""
    now = clock.now()
    request, stage = lock_stage(stage_id)
    place = refuse_unless_asked(request, stage, actor, seen=digest)[0]
    _refuse_blank(comment, "Say what must change before it can be approved.")
    decision = _write(request, stage, actor, place, Decision.Verdict.SEND_BACK, comment, now)
    stage.send_back()
    _end_stage(request, stage, now)
    request.send_back()
    event = RequestReturned(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat())
    _let_go(request, actor, decision, Round.Outcome.RETURNED, event)
    return decision


def _settle(request: Request, stage: Stage, actor: User, decision: Decision) -> None:
    """Let the votes so far have their effect: the stage waits for more, is passed, or ends the request."""
    outcome = tally_of(stage, request).outcome
    if outcome is Outcome.REJECTED:
        _refuse_request(request, stage, actor, decision)
    elif outcome is Outcome.APPROVED:
        _pass(request, stage, actor, decision)
    else:
        cover_request(request=request, now=decision.decided_at, told_at=_told_at(decision))


def _pass(request: Request, stage: Stage, actor: User, decision: Decision) -> None:
    now = decision.decided_at
    stage.approve()
    _end_stage(request, stage, now)
    group = next_group(request)
    if group is None:
        _approve_request(request, actor, decision)
        return
    if group > stage.group:
        assign_group(request=request, group=group, now=now, told_at=_told_at(decision))
    cover_request(request=request, now=now, told_at=_told_at(decision))


def _refuse_request(request: Request, stage: Stage, actor: User, decision: Decision) -> None:
    now = decision.decided_at
    stage.reject()
    _end_stage(request, stage, now)
    request.decided_at = now
    request.reject()
    event = RequestRejected(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat())
    _let_go(request, actor, decision, Round.Outcome.REJECTED, event)


def _within_limit(request: Request, stage: Stage, actor: User, places: Sequence[Stand]) -> Stand:
    """Return the first place in which `actor` may approve as much as this.

    Raises NotAllowed for whoever lost the role meanwhile, and above the limit. The sentence names who may.
    """
    scope = scope_of(request)
    by_delegation = any(place.way for place in places)
    known = {user.pk: limit for user, limit in deciders(stage, scope, inactive=by_delegation).items()}
    known |= dict.fromkeys(_asked_besides(request, stage))
    able = [place for place in places if place.person in known and within(scope.amount, _limit(place, known))]
    if able:
        return able[0]
    others = deciders(stage, scope)
    names = [user.name for user, most in others.items() if within(scope.amount, most) and user.pk not in scope.barred]
    place = places[0]
    whose = f"{place.member.person.name}, for whom you decide," if place.way else ""
    limit = _limit(place, known) if place.person in known else None
    if limit is None:
        who, holds = (whose, "holds") if whose else ("You", "hold")
        said, code = f"{who} no longer {holds} a role that decides on {request.number} as {stage.name}.", "not_yours"
    else:
        asked = f"{weight_of(request):,.2f} {request.currency}"
        who = f"In the place of {whose} you" if whose else "You"
        said = f"{who} decide up to {limit:,.2f} {request.entity.currency}, and {request.number} asks for {asked}."
        code = "above_limit"
    remedy = f"{' or '.join(names[:3])} may." if names else "Nobody who may is left: ask an administrator to name somebody."
    raise NotAllowed(said, remedy=remedy, code=code, details={"who_may": names})


def _limit(place: Stand, known: dict[int, Decimal | None]) -> Decimal | None:
    """Return up to what amount a place decides: as its person does, and never beyond what any delegation says."""
    return lowest([known[place.person], *(link.limit for link in place.way)])


def _asked_besides(request: Request, stage: Stage) -> list[int]:
    """Return whom a colleague asked for their decision too: it counts beside those of the stage's roles, by any role here."""
    added = stage.members.filter(capacity=StageMember.Capacity.ADDED, person__assignments__entity=request.entity)
    return list(added.values_list("person_id", flat=True).distinct())


def _refuse_blank(comment: str, sentence: str) -> None:
    if not comment.strip():
        raise InvalidInput(sentence, remedy="Write a sentence; its requester reads it.", details={"comment": sentence})


def _write(request: Request, stage: Stage, actor: User, place: Stand, verdict: str, comment: str, now: datetime) -> Decision:
    if len(comment) > LONGEST_COMMENT or "\x00" in comment:
        sentence = f"Shorten this to {LONGEST_COMMENT:,} characters of text."
        raise InvalidInput(sentence, details={"comment": sentence})
    decision = Decision.objects.create(
        request=request,
        round=stage.round,
        stage=stage,
        slot=1 + stage.decisions.filter(voided_at__isnull=True).count(),
        person=actor,
        on_behalf_of_id=place.on_behalf_of,
        delegation_id=place.delegation_id,
        verdict=verdict,
        comment=comment.strip(),
        digest=request.digest,
        decided_at=now,
        undo_until=now + timedelta(seconds=stage.undo_window) if stage.undo_window else None,
    )
    after = {
        "stage": stage.name,
        "verdict": verdict,
        "comment": comment.strip()[:500],
        "digest": request.digest,
        "round": stage.round,
    }
    if place.way:
        after |= {"on_behalf_of": place.person, "delegations": [link.id for link in place.way]}
    audit.record(actor=actor, verb=f"request.{verdict}", subject=request, entity=request.entity, after=after)
    keep_receipt(decision=decision, request=request, stage=stage)
    return decision


def _end_stage(request: Request, stage: Stage, now: datetime) -> None:
    stage.decided_at = now
    end_questions(stage=stage, now=now)
    stage.save(update_fields=["state", "decided_at", "paused_at"])
    cancel_timers(request=request, stage=stage)


def _told_at(decision: Decision) -> datetime:
    """Return from when others are told of what a decision came to: what was said cannot be taken back."""
    return decision.undo_until or decision.decided_at


def _approve_request(request: Request, actor: User, decision: Decision) -> None:
    now = decision.decided_at
    request.decided_at = request.updated_at = now
    request.approve()
    request.save(update_fields=["state", "decided_at", "updated_at"])
    end_round(request=request, outcome=Round.Outcome.APPROVED, now=now)
    event = RequestApproved(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat())
    publish(event, not_before=_told_at(decision))
    subject_of(request).on_approve(request=request, actor=actor)


def _let_go(request: Request, actor: User, decision: Decision, outcome: str, event: RequestEvent) -> None:
    request.updated_at = decision.decided_at
    request.save(update_fields=["state", "decided_at", "updated_at"])
    end_round(request=request, outcome=outcome, now=decision.decided_at)
    publish(event, not_before=_told_at(decision))
    subject_of(request).on_release(request=request, actor=actor)
