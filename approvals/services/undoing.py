"""Taking a decision back, by whoever made it, within its window, as long as nothing followed that cannot be taken back.

What can be undone was done at once, and is undone here in one transaction: stages, clocks, the money. What cannot, telling
others, waits until the window is over (docs/adr/0008).
"""

from datetime import datetime

from django.db import transaction

from approvals.events import RequestEvent, StageAssigned
from approvals.locks import lock_contract, lock_decision, lock_request, lock_stage
from approvals.models import Contract, Decision, Question, Request, Round, Stage, StageMember
from approvals.rules.particulars import CONTRACT
from approvals.selectors.call_offs import COUNTED
from approvals.selectors.undo import is_beside
from approvals.services.receipts import keep_taking_back
from approvals.services.rounds import next_group, open_stages, reopen_round
from approvals.subjects import Effect, subject_of
from core import clock
from core.errors import NotAllowed, Stale, WrongState
from core.models import User
from core.services import audit


@transaction.atomic
def take_back(*, decision_id: int, actor: User) -> Decision:
    """Void a decision: its stage waits again, what it ended is open, what it opened waits its turn, its journal is undone.

    Raises NotAllowed (somebody else's), Stale (taken back already, or something followed), WrongState (too late; or used, where
    the money went on), NoFunds (what a no had let go was taken meanwhile), ClosedPeriod, NotFound.
    """
    now = clock.now()
    request, stage, decision = lock_decision(decision_id)
    _refuse_unless_own(decision, actor)
    _refuse_unless_in_time(decision, now)
    _refuse_if_followed(request, stage, decision)
    before = {"decision": decision.pk, "verdict": decision.verdict, "request": request.state, "stage": stage.state}
    decision.voided_at, decision.voided_by = now, actor
    decision.save(update_fields=["voided_at", "voided_by"])
    undo = _reopen(request, now)
    if stage.state != Stage.State.ASSIGNED:
        reopen_round(request=request, stage=stage)
    after = {"request": request.state, "stage": stage.state, "round": request.round}
    audit.record(
        actor=actor, verb="request.decision_taken_back", subject=request, entity=request.entity, before=before, after=after
    )
    keep_taking_back(decision=decision, request=request)
    if undo is not None:
        undo(request=request, actor=actor)
    decision.request, decision.stage = request, stage
    return decision


def stands(event: RequestEvent | StageAssigned) -> bool:
    """Say whether what an event tells of still stands. It waits for whoever is taking it back just now."""
    at = datetime.fromisoformat(event.at)
    if isinstance(event, StageAssigned):
        stage = lock_stage(event.stage_id)[1]
        return stage.state == Stage.State.ASSIGNED and stage.assigned_at == at
    lock_request(event.request_id)
    return Round.objects.filter(request_id=event.request_id, number=event.round, ended_at=at).exists()


def _refuse_unless_own(decision: Decision, actor: User) -> None:
    if decision.person_id != actor.pk:
        raise NotAllowed(f"{decision.who} decided this.", remedy="Only they take it back.", code="not_yours")


def _refuse_unless_in_time(decision: Decision, now: datetime) -> None:
    if decision.voided_at is not None:
        raise Stale("You have taken this decision back already.", remedy="Open the request to see how it stands.")
    if decision.undo_until is None:
        raise WrongState("A decision on this stage is final.", remedy="Write to whoever holds it now.", code="too_late")
    if now >= decision.undo_until:
        seconds = round((decision.undo_until - decision.decided_at).total_seconds())
        said = f"A decision is taken back within {seconds} seconds, and they are over."
        raise WrongState(said, remedy="Write to whoever holds the request now.", code="too_late")


def _refuse_if_followed(request: Request, stage: Stage, decision: Decision) -> None:
    """Refuse once somebody has acted on what the decision came to."""
    _refuse_if_decided_on(request, stage, decision)
    if stage.round != request.round or request.state not in (Request.State.SUBMITTED, *_ends(stage, decision)):
        raise Stale(f"{request.number} is {request.get_state_display()} by now.", remedy="Open it to see what happened since.")
    if request.state == Request.State.RETURNED and request.updated_at != decision.decided_at:
        said = f"{request.requester.name} has begun to change {request.number}."
        raise Stale(said, remedy="Wait for it to come again, then decide.")
    if request.state == Request.State.APPROVED and request.subject_kind == CONTRACT:
        _refuse_if_called_off(request.contract)
    opened = open_stages(request).filter(group__gt=stage.group)
    asked = Question.objects.filter(stage__in=opened, asked_at__gte=decision.decided_at).select_related("asked_by").first()
    moved = StageMember.ever.filter(stage__in=opened, added_by__isnull=False, added_at__gte=decision.decided_at).first()
    if asked is not None or moved is not None:
        raise Stale(f"Whoever decides next has begun on {request.number}.", remedy="Write to them; your decision stays.")


def _refuse_if_called_off(contract: Contract) -> None:
    lock_contract(contract.pk)
    number = contract.call_offs.filter(state__in=COUNTED).order_by("pk").values_list("number", flat=True).first()
    if number is not None:
        raise Stale(f"{number} was asked for under this contract.", remedy="Your decision stays; what rests on it is there.")


def _refuse_if_decided_on(request: Request, stage: Stage, decision: Decision) -> None:
    """Refuse once another decision rests on it. One on a stage side by side does not, as long as their group still waits."""
    later = request.decisions.filter(pk__gt=decision.pk, voided_at__isnull=True).order_by("pk")
    for each in later.select_related("person", "on_behalf_of", "stage"):
        said = f"{each.who} {each.get_verdict_display()} it after you"
        if not is_beside(each, decision):
            raise Stale(f"{said}.", remedy="Their decision rests on yours, which stays.")
        if next_group(request) != stage.group:
            said = f"{said}, as {each.stage}, and all who were asked beside one another have answered."
            raise Stale(said, remedy="What followed rests on both decisions, so yours stays.")


def _ends(stage: Stage, decision: Decision) -> set[str]:
    """Return what a request may be by a decision. The last vote of a committee ends it either way, whatever it says."""
    ends = {"approve": Request.State.APPROVED, "reject": Request.State.REJECTED, "send_back": Request.State.RETURNED}
    votes = {"approve", "reject"} if stage.committee_version_id else set()
    return {ends[each] for each in {decision.verdict, *(votes if decision.verdict in votes else ())}}


def _reopen(request: Request, now: datetime) -> Effect | None:
    """Let the request wait for a decision again, if it had ended; return what undoes what its end did to the books."""
    undo = None
    if request.state == Request.State.APPROVED:
        undo = subject_of(request).on_approve_undone
    elif request.state != Request.State.SUBMITTED:
        undo = subject_of(request).on_release_undone
    request.updated_at = now
    if undo is not None:
        request.decided_at = None
        request.reopened += 1
        request.reopen()
    request.save(update_fields=["state", "decided_at", "reopened", "updated_at"])
    return undo
