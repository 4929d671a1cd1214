"""Decisions: one row each, bound to what was decided on. A stale click is refused with the reason, never taken as a yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from approvals.events import RequestApproved, RequestEvent, RequestRejected, RequestReturned
from approvals.locks import lock_stage
from approvals.models import Decision, Request, Round, Stage, StageMember
from approvals.rules.delegation import Link, lowest
from approvals.rules.separation import OWN_REQUEST, TWICE, in_whose_place, why_not_decide
from approvals.selectors.chains import deciders, scope_of
from approvals.selectors.delegations import counted, ways_for
from approvals.selectors.facts import digest_of_request
from approvals.services.absences import cover_request
from approvals.services.questions import end_questions
from approvals.services.rounds import assign_group, end_round, next_group
from approvals.services.timers import cancel_timers
from approvals.subjects import subject_of
from core import clock
from core.errors import InvalidInput, NotAllowed, Stale
from core.models import User
from core.rules.rights import within
from core.services import audit
from core.services.outbox import publish

LONGEST_COMMENT = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """In whose place somebody decides, and by which delegations; without any, in their own."""

    person: int
    way: tuple[Link, ...] = ()

    @property
    def on_behalf_of(self) -> int | None:
        """Whose place it is, if another's."""
        return self.person if self.way else None


@transaction.atomic
def approve_stage(*, stage_id: int, actor: User, digest: str, comment: str = "") -> Decision:
    """Approve a stage as `actor`, in their own place or for somebody who is away. The last approval needed commits the money.

    `digest` is that of what the person saw. Raises Stale (409, with what changed), NotAllowed, Missing, ClosedPeriod, NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    places = _places(request, stage, actor, digest, now)
    place = _within_limit(request, stage, actor, places)
    decision = _write(request, stage, actor, place, Decision.Verdict.APPROVE, comment, now)
    if decision.slot < stage.needed:
        cover_request(request=request, now=now)
        return decision
    stage.approve()
    _end_stage(request, stage, now)
    group = next_group(request)
    if group is None:
        _approve_request(request, actor, now)
        return decision
    if group > stage.group:
        assign_group(request=request, group=group, now=now)
    cover_request(request=request, now=now)
    return decision


@transaction.atomic
def reject_stage(*, stage_id: int, actor: User, digest: str, comment: str) -> Decision:
    """Say no: the request ends, the money is released, its history stays. Raises as approve_stage does, and InvalidInput."""
    now = clock.now()
    request, stage = lock_stage(stage_id)
    place = _places(request, stage, actor, digest, now)[0]
    _refuse_blank(comment, "Say why it is rejected.")
    decision = _write(request, stage, actor, place, Decision.Verdict.REJECT, comment, now)
    stage.reject()
    _end_stage(request, stage, now)
    request.decided_at = now
    request.reject()
    event = RequestRejected(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat())
    _let_go(request, actor, now, Round.Outcome.REJECTED, event)
    return decision


@transaction.atomic
def send_back(*, stage_id: int, actor: User, digest: str, comment: str) -> Decision:
    """Give the request back to be changed; the money is released until it comes again. Raises as reject_stage does."""
    now = clock.now()
    request, stage = lock_stage(stage_id)
    place = _places(request, stage, actor, digest, now)[0]
    _refuse_blank(comment, "Say what must change before it can be approved.")
    decision = _write(request, stage, actor, place, Decision.Verdict.SEND_BACK, comment, now)
    stage.send_back()
    _end_stage(request, stage, now)
    request.send_back()
    event = RequestReturned(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat())
    _let_go(request, actor, now, Round.Outcome.RETURNED, event)
    return decision


def _places(request: Request, stage: Stage, actor: User, digest: str, now: datetime) -> list[Place]:
    """Return in whose place `actor` may decide on the stage as they saw it, their own first. Raises NotAllowed, Stale."""
    decided = counted(request.decisions.filter(round=stage.round), round_number=stage.round)
    members = list(stage.members.values_list("person_id", flat=True))
    ways = ways_for(actor, request, members, now=now)
    asker = request.requester_id
    reason = why_not_decide(person=actor.pk, requester=asker, members=members, decided=decided, stands_for=list(ways))
    if reason and reason != TWICE:
        remedy = "Somebody else holds this stage." if reason == OWN_REQUEST else "Open your queue to see what waits for you."
        raise NotAllowed(reason, remedy=remedy, code="not_yours")
    if stage.state != Stage.State.ASSIGNED or stage.round != request.round:
        raise Stale(_what_happened(request, stage), remedy="Open the request to see how it stands now.")
    if digest != request.digest or digest_of_request(request) != request.digest:
        raise Stale(
            f"{request.number} changed after you opened it; your answer was to something else.",
            remedy="Look at it again, then decide.",
        )
    if reason:
        raise Stale(reason, remedy="Nothing more is needed from you.", code="decided_already")
    places = in_whose_place(person=actor.pk, requester=asker, members=members, decided=decided, stands_for=list(ways))
    return [Place(person, ways.get(person, ())) for person in places]


def _within_limit(request: Request, stage: Stage, actor: User, places: Sequence[Place]) -> Place:
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
    whose = f"{User.objects.get(pk=place.person).name}, for whom you decide," if place.way else ""
    limit = _limit(place, known) if place.person in known else None
    if limit is None:
        who, holds = (whose, "holds") if whose else ("You", "hold")
        said, code = f"{who} no longer {holds} a role that decides on {request.number} as {stage.name}.", "not_yours"
    else:
        asked = f"{request.amount:,.2f} {request.currency}"
        who = f"In the place of {whose} you" if whose else "You"
        said = f"{who} decide up to {limit:,.2f} {request.entity.currency}, and {request.number} asks for {asked}."
        code = "above_limit"
    remedy = f"{' or '.join(names[:3])} may." if names else "Nobody who may is left: ask an administrator to name somebody."
    raise NotAllowed(said, remedy=remedy, code=code, details={"who_may": names})


def _limit(place: Place, known: dict[int, Decimal | None]) -> Decimal | None:
    """Return up to what amount a place decides: as its person does, and never beyond what any delegation says."""
    return lowest([known[place.person], *(link.limit for link in place.way)])


def _asked_besides(request: Request, stage: Stage) -> list[int]:
    """Return whom a colleague asked for their decision too: it counts beside those of the stage's roles, by any role here."""
    added = stage.members.filter(capacity=StageMember.Capacity.ADDED, person__assignments__entity=request.entity)
    return list(added.values_list("person_id", flat=True).distinct())


def _what_happened(request: Request, stage: Stage) -> str:
    if stage.round != request.round:
        return f"{request.number} was sent back and submitted again since you opened it."
    last = stage.decisions.filter(voided_at__isnull=True).select_related("person", "on_behalf_of").order_by("-id").first()
    if last is not None:
        return f"{last.who} {last.get_verdict_display()} this stage before you answered."
    if stage.state == Stage.State.WAITING:
        return f"{stage.name} is not asked yet; an earlier stage decides first."
    return f"{request.number} is {request.get_state_display()}; this stage is no longer asked."


def _refuse_blank(comment: str, sentence: str) -> None:
    if not comment.strip():
        raise InvalidInput(sentence, remedy="Write a sentence; its requester reads it.", details={"comment": sentence})


def _write(request: Request, stage: Stage, actor: User, place: Place, verdict: str, comment: str, now: datetime) -> Decision:
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
        delegation_id=place.way[-1].id if place.way else None,
        verdict=verdict,
        comment=comment.strip(),
        digest=request.digest,
        decided_at=now,
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
    return decision


def _end_stage(request: Request, stage: Stage, now: datetime) -> None:
    stage.decided_at = now
    end_questions(stage=stage, now=now)
    stage.save(update_fields=["state", "decided_at", "paused_at"])
    cancel_timers(request=request, stage=stage)


def _approve_request(request: Request, actor: User, now: datetime) -> None:
    request.decided_at = request.updated_at = now
    request.approve()
    request.save(update_fields=["state", "decided_at", "updated_at"])
    end_round(request=request, outcome=Round.Outcome.APPROVED, now=now)
    publish(RequestApproved(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat()))
    subject_of(request).on_approve(request=request, actor=actor)


def _let_go(request: Request, actor: User, now: datetime, outcome: str, event: RequestEvent) -> None:
    request.updated_at = now
    request.save(update_fields=["state", "decided_at", "updated_at"])
    end_round(request=request, outcome=outcome, now=now)
    publish(event)
    subject_of(request).on_release(request=request, actor=actor)
