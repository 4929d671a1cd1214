"""What waits for a person, and their decisions."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import QuerySet

from approvals.api import queue_serializers as shapes
from approvals.api.filters import QueueFilter
from approvals.models import Decision, Question, Request, Stage, StageMember
from approvals.selectors.delegations import whose_places
from approvals.selectors.particulars import about, marks_of
from approvals.selectors.people import may_be_asked
from approvals.selectors.queue import access_stage_by_id, queue_of, with_request
from approvals.selectors.requests import access_question_by_id, access_request_by_number
from approvals.selectors.undo import last_decision_of
from approvals.services.bulk import STEPS, Pick, refuse_unfit
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.hands import add_approver, hand_over
from approvals.services.questions import answer_question, ask_question, withdraw_question
from approvals.services.undoing import take_back
from approvals.views.panel import panel_for
from core.api.acts import write
from core.api.carrying import once
from core.api.endpoint import NUMBER, Listed, Shown
from core.rules.rights import Right

# Who decides is a matter of the stage, not of a role's rights: the service says who may.
ANYBODY = frozenset(Right)
PLACE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 20}
NUMBERED = "The request's number, such as REQ-2026-0001."


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
            found = with_request(Stage.objects.all()).in_bulk([row.pk for row in rows])
            rows = [found[row.pk] for row in rows]
        places = whose_places(self.person, rows)
        told: list[dict[str, Any]] = [
            {"stage": row, "place": places.get(row.pk), "about": about(row.request), "marks": marks_of(row.request)}
            for row in rows
        ]
        if self.act.paged:
            return told
        return [each | {"panel": panel_for(each["stage"], self.person, query="")} for each in told]

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

    @write(gives=shapes.DecisionSerializer, rights=ANYBODY)
    def undo(self, stage: Stage) -> Decision:
        """Take back what one decided last on a stage, within its window and as long as nothing followed."""
        return take_back(decision_id=last_decision_of(self.person, stage_id=stage.pk).pk, actor=self.person)

    @write(takes=shapes.AskingSerializer, gives=shapes.QuestionSerializer, status=201, rights=ANYBODY)
    def ask(self, stage: Stage, data: dict[str, Any]) -> Question:
        """Ask the requester, or somebody else with a role here, before deciding. The stage's clock may stand meanwhile."""
        person_id = self._named(stage, data) if "person" in data else stage.request.requester_id
        return ask_question(stage_id=stage.pk, actor=self.person, person_id=person_id, text=data["text"])

    @write(takes=shapes.HandsSerializer, gives=shapes.StageMemberSerializer, rights=ANYBODY)
    def hand_over(self, stage: Stage, data: dict[str, Any]) -> StageMember:
        """Put another person in one's place: somebody who could decide on the stage by its policy. The clock runs on."""
        return hand_over(stage_id=stage.pk, actor=self.person, person_id=self._named(stage, data), reason=data["reason"])

    @write(takes=shapes.HandsSerializer, gives=shapes.StageMemberSerializer, rights=ANYBODY)
    def add_approver(self, stage: Stage, data: dict[str, Any]) -> StageMember:
        """Ask for one more person's decision: the stage needs one more approval than before."""
        return add_approver(stage_id=stage.pk, actor=self.person, person_id=self._named(stage, data), reason=data["reason"])

    @write(
        takes=shapes.BulkSerializer, gives=shapes.BulkAnswerSerializer, status=207, detail=False, rights={Right.DECIDE}, each=True
    )
    def bulk(self, data: dict[str, Any]) -> dict[str, Any]:
        """Answer several stages alike, with one comment, each in a transaction of its own. One that is refused stops no other."""
        picks = [Pick(each["stage"], each["digest"]) for each in data["picks"]]
        verdict, comment = data["verdict"], data.get("comment", "")
        refuse_unfit(picks, verdict, comment)
        outcomes = [once(self, str(pick.stage_id), partial(self._answered, pick, verdict, comment)) for pick in picks]
        answers = [{"stage": pick.stage_id, "outcome": outcome} for pick, outcome in zip(picks, outcomes, strict=True)]
        return {"answers": answers, "done": sum(outcome.said is not None for outcome in outcomes)}

    def _answered(self, pick: Pick, verdict: str, comment: str) -> dict[str, Any]:
        stage = access_stage_by_id(self.person, pick.stage_id)
        decision = STEPS[verdict](stage_id=stage.pk, actor=self.person, digest=pick.digest, comment=comment)
        return dict(shapes.DecisionSerializer(decision).data)

    def _named(self, stage: Stage, data: dict[str, Any]) -> int:
        found = may_be_asked(stage.request, self.person).filter(email__iexact=data["person"])
        return found.values_list("pk", flat=True).first() or 0


class Questions(Listed[Question], Shown[Question]):
    """Questions that were asked about a request, the oldest first."""

    room = "approvals"
    model = Question
    rights = ANYBODY
    shows = shapes.QuestionSerializer
    places = {"number": (PLACE, NUMBERED), "id": (NUMBER, "The question's number.")}

    def rows(self) -> QuerySet[Question]:
        asked = Question.objects.filter(stage__request=self._holder())
        return asked.select_related("asked", "asked_by", "stage__request").order_by("id")

    def one(self) -> Question:
        return access_question_by_id(self._holder(), self.number())

    def _holder(self) -> Request:
        return access_request_by_number(self.person, self.kwargs["number"])

    @write(takes=shapes.AnsweringSerializer, gives=shapes.QuestionSerializer, rights=ANYBODY)
    def answer(self, question: Question, data: dict[str, Any]) -> Question:
        """Answer what one was asked; the stage's clock goes on."""
        return answer_question(question_id=question.pk, actor=self.person, text=data["text"])

    @write(gives=shapes.QuestionSerializer, rights=ANYBODY)
    def withdraw(self, question: Question) -> Question:
        """Take back what one asked; the stage's clock goes on."""
        return withdraw_question(question_id=question.pk, actor=self.person)
