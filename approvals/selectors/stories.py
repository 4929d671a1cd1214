"""A request's story: what belongs to it, read together, and only what there is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from approvals.models import (
    Attachment,
    Comment,
    Decision,
    LookBack,
    Question,
    Request,
    RequestLine,
    Round,
    Stage,
    StageMember,
)
from approvals.rules.separation import why_not_decide
from approvals.selectors.comments import comments_of
from approvals.selectors.delegations import Asked, asked_of, counted, standings_of, ways_for
from approvals.selectors.questions import questions_of
from approvals.selectors.requests import parts_of
from budgets.selectors.balances import thread_balance
from core import clock
from core.database.kept import Given, Kept
from core.models import User

# What a page says of a decision is read with it.
SPOKEN = ("person", "on_behalf_of", "link", "rule__version__policy", "request")


@dataclass(frozen=True, slots=True)
class Promised:
    """By when a requester was told that it is decided (UTC), whether by past decisions, and when it was; None while it waits."""

    at: datetime
    by_past: bool
    ended_at: datetime | None

    @classmethod
    def told(cls, told: Mapping[str, str]) -> "Promised | None":
        """Read what the guarded door read with the request. What was sent back or withdrawn was not waited for to the end."""
        at, ended = parse_datetime(told["at"]), parse_datetime(told["ended"] or "")
        if at is None or told["outcome"] in {Round.Outcome.RETURNED, Round.Outcome.WITHDRAWN}:
            return None
        return cls(at, told["by"] == Round.Promised.PAST, ended)

    def is_late(self, now: datetime) -> bool:
        """Whether the moment passed before a decision."""
        return (self.ended_at or now) > self.at


@dataclass
class Story:
    """A request's stages of all rounds with whom they asked, what was decided, said and attached, each in the order it came.

    `handed` are those who were put before a stage by whoever stood there; `asked` says who is asked in the place of owners who
    are away; `parts` what there is of it at all.
    """

    request: Request
    stages: list[Stage]
    rounds: list[Round]
    parts: Mapping[str, Any]
    decisions: list[Decision] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    look_backs: list[LookBack] = field(default_factory=list)
    members: dict[int, list[StageMember]] = field(default_factory=dict)
    asked: dict[int, Asked] = field(default_factory=dict)

    @property
    def promise(self) -> Promised | None:
        """What its requester was told of the present round; None where nobody is asked, or there was no such promise yet."""
        told = self.parts["promise"]
        return Promised.told(told) if told else None

    @property
    def waiting(self) -> list[Stage]:
        """The stages that wait for a decision."""
        return [stage for stage in self.stages if stage.state == Stage.State.ASSIGNED]

    @property
    def handed(self) -> list[StageMember]:
        """Who was put before a stage by whoever stood there."""
        return [member for members in self.members.values() for member in members if member.added_by_id]

    @property
    def clocks(self) -> dict[int, list[str]]:
        """How the due time of each stage that waits comes about, line by line."""
        return {stage.pk: (stage.__dict__.get("clock") or {"words": ""})["words"].splitlines() for stage in self.waiting}

    def clock_of(self, stage: Stage) -> dict[str, Any] | None:
        """What the timer of a stage's deadline says of its calendar; None where none runs."""
        told: dict[str, Any] | None = self.parts["waiting"].get(str(stage.pk), {}).get("clock")
        return told

    def has(self, part: str) -> bool:
        """Whether there is any of a part."""
        return bool(self.parts[part])

    def of_round(self, number: int) -> list[Stage]:
        """Return the stages of one round."""
        return [stage for stage in self.stages if stage.round == number]

    def taking_part(self) -> list[str]:
        """Return the names of those who have to do with it and so see it: who asks, decides, decided, was asked."""
        people = {self.request.requester}
        people |= {stage.owner for stage in self.stages}
        people |= {member.person for members in self.members.values() for member in members}
        people |= {decision.person for decision in self.decisions if decision.person is not None}
        people |= {question.asked for question in self.questions}
        there = sorted((person for person in people if person.is_active), key=lambda person: (person.name, person.pk))
        return list(dict.fromkeys(person.name for person in there))

    def why_not(self, stage: Stage, person: User) -> str:
        """Say why `person` cannot decide on a stage now; empty where they can."""
        if stage.state != Stage.State.ASSIGNED or stage.round != self.request.round:
            return f"This stage is {stage.get_state_display()}; there is nothing to decide."
        members = {member.person_id for member in self.members.get(stage.pk, []) if member.left_at is None}
        may_stand_in = person.pk not in members | {self.request.requester_id} and standings_of(person)
        ways = ways_for(person, self.request, members, now=clock.now()) if may_stand_in else {}
        decided = counted(self.decisions, round_number=stage.round)
        asker = self.request.requester_id
        return why_not_decide(person=person.pk, requester=asker, members=members, decided=decided, stands_for=ways)

    def for_decision_by(self, person: User) -> Stage | None:
        """Return the stage on which `person` may decide now, the next due first; None where there is none."""
        open_to = [stage for stage in self.waiting if not self.why_not(stage, person)]
        return min(open_to, key=lambda stage: (stage.due_at or stage.assigned_at, stage.pk), default=None)


def story_of(request: Request) -> Story:
    """Return a request's story. A request from its guarded door knows what there is of each part; the rest is not asked for."""
    parts = parts_of(request)
    stages = _stages(request, parts["waiting"]) if request.round else []
    decisions = list(request.decisions.select_related(*SPOKEN).order_by("decided_at", "id")) if parts["decisions"] else []
    by_policy = any(decision.rule_id for decision in decisions)
    found = Story(
        request,
        stages,
        _rounds(request),
        parts,
        decisions=decisions,
        attachments=list(request.attachments.select_related("uploaded_by")) if parts["attachments"] else [],
        questions=questions_of(request) if parts["questions"] else [],
        comments=list(comments_of(request)) if parts["comments"] else [],
        look_backs=list(request.look_backs.select_related("person")) if by_policy else [],
        members=_members(request, stages),
    )
    away = [stage for stage in found.waiting if stage.__dict__.get("is_away") or not stage.owner.is_active]
    found.asked = asked_of(away, now=clock.now()) if away else {}
    return found


def _stages(request: Request, waiting: dict[str, dict[str, Any]]) -> list[Stage]:
    """Return the stages. Those that wait know as `is_away` whether their owner is, and as `clock` how they come to be due."""
    found = _STAGES.rows(request=request.pk)
    for stage in found:
        stage.request = request
        stage.__dict__.update(waiting.get(str(stage.pk), {}))
    return found


def _rounds(request: Request) -> list[Round]:
    """Return the rounds. Of a first one that was not withdrawn the request itself says all that is told of it."""
    if request.round == 0:
        return []
    if request.round == 1 and request.state != Request.State.WITHDRAWN:
        return [Round(request=request, number=1, submitted_at=request.submitted_at or request.created_at)]
    return list(request.rounds.order_by("number"))


def _members(request: Request, stages: Sequence[Stage]) -> dict[int, list[StageMember]]:
    found: dict[int, list[StageMember]] = defaultdict(list)
    by_id = {stage.pk: stage for stage in stages}
    if by_id:
        for member in _MEMBERS.rows(request=request.pk):
            member.stage = by_id[member.stage_id]
            found[member.stage_id].append(member)
    return dict(found)


def lines_in_order(request: Request) -> list[RequestLine]:
    """Return the lines, each with its budget line's budget and cost centre."""
    return _LINES.rows(request=request.pk)


def lines_with_held(request: Request) -> list[tuple[RequestLine, dict[str, Decimal]]]:
    """Return the lines, each with what its thread holds by bucket."""
    lines = lines_in_order(request)
    held = thread_balance([line.thread for line in lines])
    return [(line, held[line.thread]) for line in lines]


_STAGES: Kept[Stage] = Kept(
    lambda: Stage.objects.filter(request=Given("request")).select_related("owner", "backup").order_by("round", "number")
)
_MEMBERS: Kept[StageMember] = Kept(
    lambda: (
        StageMember.ever.filter(stage__request=Given("request"))
        .select_related("person", "added_by", "in_place_of")
        .order_by("id")
    )
)
_LINES: Kept[RequestLine] = Kept(
    lambda: (
        RequestLine.objects.filter(request=Given("request"))
        .select_related("account__budget", "account__cost_centre")
        .order_by("number")
    )
)
