"""What waits for a person, and their decisions."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from approvals.api import queue_serializers as shapes
from approvals.api.filters import QueueFilter
from approvals.models import Decision, Stage
from approvals.selectors.queue import access_stage_by_id, queue_of
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.views.panel import panel_for
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.rules.rights import Right

# Who decides is a matter of the stage, not of a role's rights: the service says who may.
ANYBODY = frozenset(Right)


class Queue(Listed[Stage], Shown[Stage]):
    """Stages that wait for one's decision, the most urgent first. Each stage of a request that one may see has its address."""

    room = "approvals"
    model = Stage
    rights = frozenset({Right.DECIDE, Right.AUDIT})
    shows = shapes.WaitingWholeSerializer
    lists = shapes.WaitingSerializer
    filterset_class = QueueFilter
    orderings = ("due_at", "-request__amount", "-assigned_at")
    places = {"id": (NUMBER, "The stage's number.")}

    def rows(self) -> QuerySet[Stage]:
        return queue_of(self.person)

    def one(self) -> Stage:
        return access_stage_by_id(self.person, self.number())

    def dress(self, rows: Sequence[Stage]) -> list[Any]:
        if self.act.paged:
            return [{"stage": row} for row in rows]
        return [{"stage": row, "panel": panel_for(row, self.person, query="")} for row in rows]

    @write(takes=shapes.ApprovingSerializer, gives=shapes.DecisionSerializer, rights=ANYBODY)
    def approve(self, stage: Stage, data: dict[str, Any]) -> Decision:
        """Approve a stage. The last approval that the round needs commits the money."""
        comment = data.get("comment", "")
        return approve_stage(stage_id=stage.pk, actor=self.person, digest=data["digest"], comment=comment)

    @write(takes=shapes.RefusingSerializer, gives=shapes.DecisionSerializer, rights=ANYBODY)
    def reject(self, stage: Stage, data: dict[str, Any]) -> Decision:
        """Say no: the request ends, and its money is free."""
        return reject_stage(stage_id=stage.pk, actor=self.person, digest=data["digest"], comment=data["comment"])

    @write(takes=shapes.RefusingSerializer, gives=shapes.DecisionSerializer, rights=ANYBODY)
    def send_back(self, stage: Stage, data: dict[str, Any]) -> Decision:
        """Give the request back to be changed; its money is free until it comes again."""
        return send_back(stage_id=stage.pk, actor=self.person, digest=data["digest"], comment=data["comment"])
