"""Decisions that are taken back, in short, for tests."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from approvals.models import Decision, Request, Round, Stage, StageMember, Timer
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, held, read_yaml, stages_of
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

ZERO, ASKED = Decimal(0), Decimal(1200)


def later(seconds: float) -> Any:
    """Let the clock stand some seconds after Monday, ten o'clock."""
    return clock.at(MONDAY + timedelta(seconds=seconds))


def approve(stage: Stage, actor: User | None = None) -> Decision:
    request = Request.objects.get(pk=stage.request_id)
    return approve_stage(stage_id=stage.pk, actor=actor or stage.owner, digest=request.digest)


def answer(step: Any, stage: Stage) -> Decision:
    decision: Decision = step(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment="Not this year.")
    return decision


def board(house: House, quorum: Any = 2, **more: Any) -> list[User]:
    """Let the policy ask a board of three; return them."""
    document = read_yaml("demo/policies/kafka.yaml") | more
    document["rules"][3]["stages"] = [{"role": "change_control_board", "quorum": quorum}]
    load_policy(document=document, entity=house.entity, actor=None)
    people = [house.people["change_control_board"], *(UserFactory.create(name=f"Member {number}") for number in (2, 3))]
    for person in people[1:]:
        assign(person, "change_control_board", house.entity)
    return people


def standing(request: Request) -> tuple[Any, ...]:
    """Return all that a taking back must bring to where it was."""
    found = Request.objects.get(pk=request.pk)
    stages = [(stage.state, stage.owner_id, stage.due_at, stage.decided_at) for stage in stages_of(found)]
    timers = sorted(Timer.objects.filter(stage__request=found, state="pending").values_list("stage_id", "kind", "due_at"))
    rounds = list(Round.objects.filter(request=found).values_list("number", "outcome", "ended_at"))
    people = sorted(StageMember.objects.filter(stage__request=found).values_list("stage_id", "person_id"))
    return found.state, found.decided_at, stages, timers, rounds, people, held(found.lines.get().account)
