"""Decisions that a person may still take back."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Decision, Request, Stage
from core.database.kept import Given, Kept
from core.errors import NotAllowed, NotFound
from core.models import User

MOST_OFFERED = 3


def to_undo(user: User, *, now: datetime) -> QuerySet[Decision]:
    """Return the decisions of `user` whose window is open and on which no other decision rests, the newest first."""
    return _to_undo(user.pk, now)


def newest_to_undo(user: User, *, now: datetime) -> list[Decision]:
    """Return the newest of these, as many as a page offers."""
    return _NEWEST.rows(person=user.pk, now=now)


def _to_undo(person: Any, now: Any) -> QuerySet[Decision]:
    later = Decision.objects.filter(request=OuterRef("request"), pk__gt=OuterRef("pk"), voided_at__isnull=True)
    beside = Q(round=OuterRef("round"), verdict=Decision.Verdict.APPROVE, stage__group=OuterRef("stage__group"))
    resting = later.exclude(beside & ~Q(stage=OuterRef("stage")))
    waits = Stage.objects.filter(
        request=OuterRef("request"), round=OuterRef("round"), group=OuterRef("stage__group"), state=Stage.State.ASSIGNED
    )
    stands = ~Exists(later) | (Exists(waits) & ~Exists(resting))
    mine = Decision.objects.filter(stands, person_id=person, undo_until__gt=now, voided_at__isnull=True)
    return mine.select_related("request", "stage", "on_behalf_of").order_by("-decided_at", "-pk")


def is_beside(later: Decision, decision: Decision) -> bool:
    """Say whether a later approval was of another stage that ran side by side with this one's, and so rests on nothing of it."""
    if later.stage is None or decision.stage is None:
        return False
    same_group = later.round == decision.round and later.stage.group == decision.stage.group
    return same_group and later.stage_id != decision.stage_id and later.verdict == Decision.Verdict.APPROVE


def access_decision_by_id(request: Request, decision_id: int) -> Decision:
    """Return a decision on a request that was reached through its own door. Raises NotFound."""
    found = request.decisions.select_related("person", "stage").filter(pk=decision_id).first()
    if found is None:
        raise NotFound("There is no such decision.", remedy="Open the request to see what was decided.")
    return found


def last_decision_of(user: User, *, stage_id: int) -> Decision:
    """Return what `user` decided last on a stage that they may see. Raises NotAllowed."""
    found = Decision.objects.filter(stage_id=stage_id, person=user).order_by("-pk").first()
    if found is None:
        raise NotAllowed("You have not decided on this stage.", remedy="Open the request to see who did.", code="not_yours")
    return found


_NEWEST: Kept[Decision] = Kept(lambda: _to_undo(Given("person"), Given("now"))[:MOST_OFFERED])
