"""What a policy approves by itself, and looking back at it. Callers of the first hold the request's lock."""

from datetime import datetime
from typing import Any

from django.db import transaction

from approvals.events import AutomaticWithdrawn, RequestApproved
from approvals.locks import lock_request
from approvals.models import Decision, LookBack, PolicyRule, Request, Round
from approvals.rules.routing import Rule
from approvals.selectors.automatic import may_look_back
from approvals.services.receipts import keep_receipt
from approvals.services.rounds import end_round
from approvals.services.spend import key_of
from budgets.rules.months import first_of
from budgets.services.holds import release_remainder
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

LONGEST_REMARK = 20_000


def approve_by_policy(*, request: Request, rule: Rule, now: datetime) -> Decision:
    """Approve a request by an automatic rule of its policy. Its round has begun, and nobody is asked in it.

    The caller posts what follows, as the last thing it does.
    """
    version = request.policy_version
    assert version is not None
    decision = Decision.objects.create(
        request=request,
        round=request.round,
        slot=1,
        rule=PolicyRule.objects.get(version=version, position=rule.position),
        verdict=Decision.Verdict.APPROVE,
        comment=f"{rule.name}. Risk {request.risk_score}.",
        digest=request.digest,
        decided_at=now,
    )
    after = {"policy": str(version), "rule": rule.name, "risk": request.risk_score, "digest": request.digest}
    audit.record(actor=None, verb="request.approved_by_policy", subject=request, entity=request.entity, after=after)
    keep_receipt(decision=decision, request=request)
    request.decided_at = now
    request.approve()
    request.save(update_fields=["state", "decided_at"])
    end_round(request=request, outcome=Round.Outcome.APPROVED, now=now)
    actor_id = request.requester_id
    publish(RequestApproved(request_id=request.pk, round=request.round, actor_id=actor_id, at=now.isoformat()))
    return decision


@transaction.atomic
def look_back(*, request_id: int, actor: User, outcome: str, remark: str = "") -> LookBack:
    """Say of what a policy approved by itself that it is in order, or withdraw it: what is still committed is freed.

    What was spent stays spent. Raises NotAllowed, WrongState (nothing to look back at, or somebody did), InvalidInput,
    ClosedPeriod, NotFound.
    """
    now = clock.now()
    request = lock_request(request_id)
    refuse_unless_open(request, actor)
    words = _checked(outcome, remark)
    looked = LookBack.objects.create(request=request, round=request.round, outcome=outcome, remark=words, person=actor, at=now)
    after: dict[str, Any] = {"outcome": outcome, "remark": words[:500]}
    audit.record(actor=actor, verb="request.looked_back", subject=request, entity=request.entity, after=after)
    if outcome == LookBack.Outcome.WITHDRAWN:
        _overturn(request, actor, now, words)
    return looked


def refuse_unless_open(request: Request, actor: User) -> None:
    """Refuse who may not look back at a request, and what is not to be looked back at. Raises NotAllowed, WrongState."""
    if not may_look_back(actor, request):
        raise NotAllowed("This is not yours to look back at.", remedy="Finance, and whoever the policy names as contact, may.")
    if request.requester_id == actor.pk:
        raise NotAllowed("Nobody looks back at their own request.", remedy="Ask a colleague.", code="own_request")
    by_policy = request.decisions.filter(round=request.round, rule__isnull=False).exists()
    if request.state != Request.State.APPROVED or not by_policy:
        raise WrongState(f"{request.number} is not approved by the policy itself.", remedy="Only that is looked back at.")
    looked = LookBack.objects.filter(request=request, round=request.round).select_related("person").first()
    if looked is not None:
        raise WrongState(f"{looked.person} found it {looked.get_outcome_display()} already.", remedy="Nothing is left to do.")


def _checked(outcome: str, remark: str) -> str:
    if outcome not in LookBack.Outcome.values:
        raise _bad("outcome", "Choose one of the two answers.")
    if len(remark) > LONGEST_REMARK or "\x00" in remark:
        raise _bad("remark", f"Shorten this to {LONGEST_REMARK:,} characters of text.")
    if outcome == LookBack.Outcome.WITHDRAWN and not remark.strip():
        raise _bad("remark", "Say why it is withdrawn; its requester reads it.")
    return remark.strip()


def _bad(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, details={name: sentence})


def _overturn(request: Request, actor: User, now: datetime, why: str) -> None:
    request.overturn()
    request.updated_at = now
    request.save(update_fields=["state", "updated_at"])
    publish(AutomaticWithdrawn(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat()))
    try:
        with transaction.atomic():
            release_remainder(
                key=key_of(request, "withdraw-automatic"),
                pending_key=key_of(request, "commit"),
                actor=actor,
                month=first_of(now.date()),
                memo=f"{request.number}: withdrawn, {why[:100]}",
            )
    except WrongState as refusal:
        # All of it is spent, or was let go before: nothing is left to free.
        if refusal.code != "settled":
            raise
