"""Questions: who asks whom, the clock that stands meanwhile, and that none stands without an end."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from approvals.models import Attachment, Pause, Question, Request, Stage, Timer
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.policies import load_policy
from approvals.services.questions import File, answer_question, ask_question, withdraw_question
from approvals.services.requests import withdraw_request
from approvals.services.timers import fire_due
from core.errors import InvalidInput, NotAllowed, NotFound, Stale
from core.models import AuditRecord, CalendarDay, Notice, User, WorkCalendar
from core.services import outbox
from tests.factories.approvals import at, everything, read_yaml, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def stage(kafka: House) -> Stage:
    """Two business days for the program director, from Monday at ten."""
    return stages_of(submitted(kafka.engineer, kafka.account))[0]


def ask(stage: Stage, person: User | None = None, text: str = "Why now?") -> Question:
    whom = person or stage.request.requester
    return ask_question(stage_id=stage.pk, actor=stage.owner, person_id=whom.pk, text=text)


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def clocks(stage: Stage) -> dict[str, str]:
    return {timer.kind: timer.state for timer in stage.timers.all()}


def told(kind: str) -> list[str]:
    outbox.drain()
    return list(Notice.objects.filter(kind=f"approvals.{kind}").order_by("id").values_list("person__name", flat=True))


def test_the_clock_stands_until_the_answer_and_goes_on_with_what_was_left(stage: Stage, kafka: House) -> None:
    assert stage.due_at == moment(4, 10)
    with at(2026, 3, 2, 12, 0):
        question = ask(stage)
        stage.refresh_from_db()
        assert stage.paused_at == moment(2, 12)
        assert clocks(stage) == {"warn": "paused", "escalate": "paused", "breach": "paused", "resume": "pending"}
        assert told("question_asked") == ["Engineer"]
    with at(2026, 3, 3, 15, 0):
        assert fire_due() == 0
        answer_question(question_id=question.pk, actor=kafka.engineer, text=" The old one ends. ")
        stage.refresh_from_db()
        assert told("answered") == ["Program director"]
    assert (stage.paused_at, stage.due_at) == (None, moment(5, 13))
    assert clocks(stage) == {"warn": "pending", "escalate": "pending", "breach": "pending", "resume": "cancelled"}
    breach = stage.timers.get(kind="breach")
    assert "Stood still from Mon 2 Mar 2026, 12:00 to Tue 3 Mar 2026, 15:00, 11:00 business hours" in breach.explanation
    question.refresh_from_db()
    assert (question.state, question.answer) == ("answered", "The old one ends.")
    assert AuditRecord.objects.filter(verb="timer.resumed", subject_id=str(stage.pk)).count() == 1
    with at(2026, 3, 5, 13, 1):
        assert fire_due() == 3


def test_where_the_clock_was_set_back_meanwhile_it_stood_still_for_no_time(stage: Stage, kafka: House) -> None:
    due_at = stage.due_at
    with at(2026, 3, 2, 12, 0):
        question = ask(stage)
    with at(2026, 3, 2, 11, 59):
        answer_question(question_id=question.pk, actor=kafka.engineer, text="The old one ends.")
    stage.refresh_from_db()
    assert (stage.paused_at, stage.due_at) == (None, due_at)
    assert Pause.objects.values_list("began_at", "ended_at").get() == (moment(2, 12), moment(2, 12))


@pytest.mark.parametrize("minute", [0, -1], ids=["at the very moment", "a minute earlier"])
@pytest.mark.parametrize("end", ["answer", "withdraw", "approve"])
def test_however_a_question_ends_it_ends_no_earlier_than_it_was_asked(stage: Stage, kafka: House, end: str, minute: int) -> None:
    with at(2026, 3, 2, 12, 0):
        question = ask(stage)
    with at(2026, 3, 2, 12 if not minute else 11, minute % 60):
        if end == "answer":
            answer_question(question_id=question.pk, actor=kafka.engineer, text="The old one ends.")
        elif end == "withdraw":
            withdraw_question(question_id=question.pk, actor=stage.owner)
        else:
            approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest)
    question.refresh_from_db()
    assert (question.state, question.closed_at) == (
        {"answer": "answered", "withdraw": "withdrawn", "approve": "ended"}[end],
        moment(2, 12),
    )


def test_two_questions_stop_it_once_and_the_last_answer_starts_it(stage: Stage, kafka: House) -> None:
    with at(2026, 3, 2, 12, 0):
        first = ask(stage)
    with at(2026, 3, 2, 13, 0):
        second = ask(stage, kafka.people["cfo"])
    with at(2026, 3, 2, 14, 0):
        withdraw_question(question_id=first.pk, actor=stage.owner)
        stage.refresh_from_db()
        assert stage.paused_at == moment(2, 12)
    with at(2026, 3, 2, 15, 0):
        answer_question(question_id=second.pk, actor=kafka.people["cfo"], text="Yes.")
    stage.refresh_from_db()
    assert stage.due_at == moment(4, 13)
    assert Pause.objects.count() == 1


def test_what_was_due_before_the_question_is_due(stage: Stage) -> None:
    with at(2026, 3, 4, 11, 0):
        ask(stage)
        assert fire_due() == 3
    stage.refresh_from_db()
    assert stage.breached_at == moment(4, 10)


def test_a_question_that_nobody_answers_runs_out(stage: Stage, kafka: House) -> None:
    with at(2026, 3, 2, 12, 0):
        question = ask(stage)
    with at(2026, 3, 9, 12, 20):
        fire_due()
        question.refresh_from_db()
        stage.refresh_from_db()
        assert (question.state, stage.paused_at) == ("lapsed", None)
        # Five business days stood still, from the deadline on it runs again.
        assert stage.due_at == moment(11, 10)
        assert sorted(told("question_lapsed")) == ["Engineer", "Program director"]
        again = ask(stage, kafka.people["cfo"])
        assert not again.pauses
        answer_question(question_id=question.pk, actor=kafka.engineer, text="Late, but here.")
    stage.refresh_from_db()
    assert (stage.paused_at, stage.due_at) == (None, moment(11, 10))


@pytest.mark.parametrize(("said", "kept"), [("none", ""), ("1 business day", "1 business day"), (None, "5 business days")])
def test_the_policy_says_whether_and_for_how_long(kafka: House, said: str | None, kept: str) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    if said:
        document["question_pause"] = said
    load_policy(document=document, entity=kafka.entity, actor=None)
    stage = stages_of(submitted(kafka.engineer, kafka.account))[0]
    question = ask(stage)
    stage.refresh_from_db()
    assert (stage.question_pause, question.pauses, stage.paused_at is None) == (kept, bool(kept), not kept)


def test_a_holiday_added_meanwhile_moves_what_goes_on(stage: Stage, kafka: House) -> None:
    with at(2026, 3, 2, 12, 0):
        question = ask(stage)
    calendar = kafka.entity.calendar
    CalendarDay.objects.create(calendar=calendar, day=date(2026, 3, 4), name="Company day")
    WorkCalendar.objects.filter(pk=calendar.pk).update(version=calendar.version + 1)
    with at(2026, 3, 2, 15, 0):
        answer_question(question_id=question.pk, actor=kafka.engineer, text="Yes.")
    stage.refresh_from_db()
    assert stage.due_at == moment(5, 13)


def test_a_decision_ends_what_is_still_asked(stage: Stage) -> None:
    question = ask(stage)
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest)
    question.refresh_from_db()
    stage.refresh_from_db()
    assert (question.state, stage.paused_at, stage.state) == ("ended", None, "approved")
    assert Pause.objects.get().ended_at is not None
    assert not stage.timers.filter(state__in=["pending", "paused"]).exists()


def test_the_end_of_the_round_ends_it(stage: Stage, kafka: House) -> None:
    question = ask(stage)
    told("question_asked")
    withdraw_request(request_id=stage.request_id, actor=kafka.engineer)
    outbox.drain()
    question.refresh_from_db()
    assert question.state == "ended"
    assert not Notice.objects.filter(kind="approvals.question_asked", read_at__isnull=True).exists()
    with pytest.raises(Stale):
        answer_question(question_id=question.pk, actor=kafka.engineer, text="Yes.")


def test_an_answer_brings_a_file(stage: Stage, kafka: House) -> None:
    question = ask(stage)
    before = everything()
    with pytest.raises(InvalidInput):
        answer_question(question_id=question.pk, actor=kafka.engineer, text="See.", file=File("quote.pdf", b"MZ not a PDF"))
    assert everything() == before
    answer_question(question_id=question.pk, actor=kafka.engineer, text="See.", file=File("quote.pdf", PDF))
    assert Attachment.objects.get(request=stage.request).uploaded_by == kafka.engineer
    assert Request.objects.get(pk=stage.request_id).digest == stage.request.digest


def test_only_who_decides_asks_only_who_has_a_role_is_asked_and_only_they_answer(
    stage: Stage, kafka: House, outsider: User
) -> None:
    question = ask(stage)
    before = everything()
    cfo = kafka.people["cfo"]
    asks: list[tuple[User, User, type[Exception]]] = [
        (kafka.engineer, cfo, NotAllowed),
        (cfo, kafka.engineer, NotAllowed),
        (stage.owner, outsider, InvalidInput),
        (stage.owner, stage.owner, InvalidInput),
        (stage.owner, kafka.engineer, InvalidInput),
    ]
    for actor, whom, refusal in asks:
        with pytest.raises(refusal):
            ask_question(stage_id=stage.pk, actor=actor, person_id=whom.pk, text="Why?")
    for text in ("", "  ", "x" * 30_000, "\x00"):
        with pytest.raises(InvalidInput):
            ask(stage, cfo, text)
        with pytest.raises(InvalidInput):
            answer_question(question_id=question.pk, actor=kafka.engineer, text=text)
    steps: list[tuple[Any, dict[str, Any]]] = [(answer_question, {"text": "Yes."}), (withdraw_question, {})]
    for step, more in steps:
        with pytest.raises(NotAllowed):
            step(question_id=question.pk, actor=cfo, **more)
        with pytest.raises(NotFound):
            step(question_id=0, actor=cfo, **more)
    assert everything() == before


def test_a_stage_takes_no_question_once_it_is_decided(stage: Stage) -> None:
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment="No.")
    with pytest.raises(Stale):
        ask(stage)
    assert not Timer.objects.filter(kind="resume").exists()
