"""A question is closed by two at the same moment: once, and the clock goes on once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError

from approvals.models import Pause, Question, Request, Stage
from approvals.services import questions
from approvals.services.questions import answer_question, ask_question, withdraw_question
from approvals.services.timers import fire_due
from core.errors import Stale
from core.models import AuditRecord
from tests.factories.approvals import at, stages_of, submitted
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def question(kafka: House) -> Question:
    with at(2026, 3, 2, 10, 0):
        stage = stages_of(submitted(kafka.engineer, kafka.account))[0]
        return ask_question(stage_id=stage.pk, actor=stage.owner, person_id=kafka.engineer.pk, text="Why now?")


def _answer(question: Question) -> Callable[[], Any]:
    return lambda: answer_question(question_id=question.pk, actor=question.asked, text="It ends.")


def _withdraw(question: Question) -> Callable[[], Any]:
    return lambda: withdraw_question(question_id=question.pk, actor=question.asked_by)


def test_an_answer_and_a_withdrawal_without_the_lock_run_into_the_wall(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def read(question_id: int) -> tuple[Request, Stage, Question]:
        found = Question.objects.select_related("stage__request__entity__calendar", "asked", "asked_by").get(pk=question_id)
        met.wait(timeout=20)
        return found.stage.request, found.stage, found

    with monkeypatch.context() as patch:
        patch.setattr(questions, "lock_question", read)
        outcomes = at_once(_answer(question), _withdraw(question))

    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(errors) == 1
    assert isinstance(errors[0], DatabaseError)


def test_an_answer_and_a_withdrawal_at_once_end_in_one_of_them(question: Question) -> None:
    outcomes = at_once(_answer(question), _withdraw(question))

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [Stale]
    assert Pause.objects.filter(ended_at__isnull=False).count() == 1
    assert AuditRecord.objects.filter(verb="timer.resumed").count() == 1


def test_an_answer_as_its_time_runs_out_starts_the_clock_once(question: Question) -> None:
    def sweep() -> int:
        with at(2026, 3, 9, 10, 1):
            return fire_due()

    def answer() -> Question:
        with at(2026, 3, 9, 10, 1):
            return answer_question(question_id=question.pk, actor=question.asked, text="It ends.")

    outcomes = at_once(answer, sweep)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    question.refresh_from_db()
    stage = Stage.objects.get(pk=question.stage_id)
    assert (question.state, stage.paused_at) == ("answered", None)
    assert Pause.objects.filter(ended_at__isnull=False).count() == 1
    assert AuditRecord.objects.filter(verb="timer.resumed").count() == 1
    assert stage.timers.filter(state="paused").count() == 0
