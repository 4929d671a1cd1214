"""Nobody is told of what was taken back, and clocks run on as if it had not been."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals.services.absences import attend
from approvals.services.decisions import reject_stage, send_back
from approvals.services.questions import ask_question
from approvals.services.timers import fire_due
from approvals.services.undoing import take_back
from core import clock
from core.models import Notice
from core.services import outbox
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.factories.undoing import answer, approve, board, later
from tests.fixtures.approvals import House


@pytest.fixture(autouse=True)
def now() -> Iterator[datetime]:
    """Let it be Monday at ten."""
    with clock.at(MONDAY) as moment:
        yield moment


def test_nobody_is_told_before_the_window_is_over(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    outbox.drain()
    first = Notice.objects.count()
    approve(stages_of(request)[0])

    with later(59):
        outbox.drain()
    assert Notice.objects.count() == first
    with later(60):
        outbox.drain()
    assert Notice.objects.latest("id").person == stages_of(request)[1].owner


@pytest.mark.parametrize("kind", ["vendor_payment", "infrastructure"])
@pytest.mark.parametrize("step", [approve, lambda stage: answer(reject_stage, stage), lambda stage: answer(send_back, stage)])
def test_nobody_is_ever_told_of_what_was_taken_back(kafka: House, step: Any, kind: str) -> None:
    request = submitted(kafka.engineer, kafka.account, kind=kind)
    outbox.drain()
    before = Notice.objects.count()
    decision = step(stages_of(request)[0])
    with later(30):
        take_back(decision_id=decision.pk, actor=decision.person)

    with later(3600):
        while outbox.drain():
            pass

    assert Notice.objects.count() == before


def test_of_two_tries_the_one_that_stands_is_told_once_its_own_window_is_over(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    take_back(decision_id=approve(stages_of(request)[0]).pk, actor=stages_of(request)[0].owner)
    with later(30):
        approve(stages_of(request)[0])
    kinds = Notice.objects.filter(person=kafka.engineer).values_list("kind", flat=True)

    with later(61):
        outbox.drain()
    assert list(kinds.all()) == []
    with later(91):
        outbox.drain()
    assert list(kinds.all()) == ["approvals.approved"]


def test_the_clock_runs_on_and_what_fell_due_meanwhile_is_due(kafka: House) -> None:
    board(kafka, "any", undo_window=86_400)
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    escalation = stage.timers.get(kind="escalate").due_at
    with clock.at(escalation - timedelta(hours=1)):
        decision = approve(stage)
    with clock.at(escalation + timedelta(hours=1)):
        assert fire_due() == 0
        take_back(decision_id=decision.pk, actor=decision.decider)
        fire_due()

    assert stages_of(request)[0].escalated_at == escalation


def test_a_question_that_the_decision_ended_stays_ended_and_its_pause_counts(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    due = stage.due_at
    assert due is not None
    ask_question(stage_id=stage.pk, actor=stage.owner, person_id=kafka.engineer.pk, text="Why now?")
    with later(3600):
        decision = approve(stage)
        take_back(decision_id=decision.pk, actor=stage.owner)

    stage = stages_of(request)[0]
    assert (stage.questions.get().state, stage.paused_at, stage.due_at) == ("ended", None, due + timedelta(hours=1))
    breach = stage.timers.get(kind="breach")
    assert (breach.state, breach.due_at) == ("pending", stage.due_at)
    assert "Stood still" in breach.explanation


def test_a_stage_opened_twice_has_its_clocks_anew(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    decision = approve(stages_of(request)[0])
    with later(20):
        take_back(decision_id=decision.pk, actor=decision.decider)
        second = approve(stages_of(request)[0])
    with later(40):
        take_back(decision_id=second.pk, actor=second.decider)
    with later(50):
        approve(stages_of(request)[0])
        stage = stages_of(request)[1]
        assert stage.assigned_at == clock.now()
        assert stage.timers.filter(state="pending").count() == 3
        assert attend() == 0
