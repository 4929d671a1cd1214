"""Approvals that stand in the next round: written anew there, as they were made, on stages that nobody is asked about again."""

from approvals.models import Decision, Request, Stage
from approvals.selectors.carrying import Standing
from approvals.services.receipts import keep_receipt
from core.services import audit


def let_stand(*, request: Request, stage: Stage, standing: Standing) -> None:
    """End a stage of the round that has begun by the approvals of the round before. The caller holds the request's lock.

    Each is bound to the present content, and says which it is: whoever made it did not see this content, and its receipt says so.
    """
    for slot, earlier in enumerate(standing.approvals, start=1):
        decision = Decision.objects.create(
            request=request,
            round=stage.round,
            stage=stage,
            slot=slot,
            stands_from=earlier,
            person=earlier.person,
            on_behalf_of=earlier.on_behalf_of,
            delegation=earlier.delegation,
            verdict=earlier.verdict,
            comment=earlier.comment,
            digest=request.digest,
            decided_at=earlier.decided_at,
        )
        after = {"stage": stage.name, "person": earlier.person_id, "decision": earlier.pk, "digest": request.digest}
        audit.record(actor=None, verb="request.approval_stands", subject=request, entity=request.entity, after=after)
        keep_receipt(decision=decision, request=request, stage=stage)
    stage.stand()
    stage.decided_at = standing.stage.decided_at
    stage.save(update_fields=["state", "decided_at"])
