"""Questions on a stage: asked by whoever decides on it, answered on the request's page. Meanwhile its clock may stand."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from approvals.events import QuestionAnswered, QuestionAsked, QuestionClosed, QuestionLapsed
from approvals.locks import lock_question, lock_stage
from approvals.models import Question, Request, Stage, Timer
from approvals.selectors.people import may_be_asked
from approvals.services.attachments import keep_file
from approvals.services.pauses import end_pause, let_go_on, stop_clock
from approvals.services.standing import refuse_unless_asked
from core import clock
from core.errors import InvalidInput, NotAllowed, Stale
from core.models import User
from core.services import audit
from core.services.outbox import publish
from core.storage import files_with_rows

LONGEST_TEXT = 20_000
MOST_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with an answer."""

    name: str
    content: bytes


@transaction.atomic
def ask_question(*, stage_id: int, actor: User, person_id: int, text: str) -> Question:
    """Ask the requester, or somebody with a role in the entity, something on a stage that `actor` may decide.

    The clock stands while it is open, for as long as the stage's policy says at most; once a question on the stage has run out,
    further ones stop it no more. Raises NotAllowed, Stale, InvalidInput, NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    refuse_unless_asked(request, stage, actor)
    _refuse_unfit(text, "text", "Write what you want to know.")
    person = _person(request, stage, actor, person_id)
    lapsed = Timer.objects.filter(stage=stage, kind=Timer.Kind.RESUME, state=Timer.State.FIRED).exists()
    question = Question.objects.create(
        stage=stage,
        asked_by=actor,
        asked=person,
        text=text.strip(),
        pauses=bool(stage.question_pause) and not lapsed,
        asked_at=now,
    )
    if question.pauses:
        stage.request = request
        stop_clock(question=question, stage=stage, now=now)
    _record(question, actor, request, "asked", asked=person.pk, text=question.text[:500], pauses=question.pauses)
    publish(QuestionAsked(question_id=question.pk, at=now.isoformat()))
    return question


@files_with_rows()
@transaction.atomic
def answer_question(*, question_id: int, actor: User, text: str, file: File | None = None) -> Question:
    """Answer a question that `actor` was asked; the clock goes on. A file is kept with the request.

    Raises NotAllowed (somebody else was asked), Stale (it is closed), InvalidInput (no words, or a file that is not taken).
    """
    now = clock.now()
    request, stage, question = lock_question(question_id)
    if question.asked_id != actor.pk:
        raise NotAllowed(f"This question was put to {question.asked.name}.", remedy="Write a comment instead.", code="not_yours")
    _refuse_closed(question)
    _refuse_unfit(text, "text", "Write the answer.")
    if file is not None:
        keep_file(request=request, actor=actor, name=file.name, content=file.content)
    question.answer = text.strip()
    question.close_with_answer()
    _close(question, stage, request, now)
    _record(question, actor, request, "answered", answer=question.answer[:500], file=file.name[:200] if file else "")
    publish(QuestionAnswered(question_id=question.pk, at=now.isoformat()))
    return question


@transaction.atomic
def withdraw_question(*, question_id: int, actor: User) -> Question:
    """Take one's own question back; the clock goes on. Raises NotAllowed, Stale, NotFound."""
    now = clock.now()
    request, stage, question = lock_question(question_id)
    if question.asked_by_id != actor.pk:
        raise NotAllowed(f"{question.asked_by.name} asked this.", remedy="Only they withdraw it.", code="not_yours")
    _refuse_closed(question)
    question.withdraw()
    _close(question, stage, request, now)
    _record(question, actor, request, "withdrawn")
    publish(QuestionClosed(question_id=question.pk, at=now.isoformat()))
    return question


def lapse_question(*, question: Question, stage: Stage, deadline: datetime, now: datetime) -> None:
    """Let the clock of a question's stage run again: its time is up. The sweep, which holds the request, calls it."""
    question.lapse()
    question.save(update_fields=["state"])
    let_go_on(stage=stage, now=min(deadline, now))
    _record(question, None, stage.request, "lapsed", deadline=deadline.isoformat())
    publish(QuestionLapsed(question_id=question.pk, at=deadline.isoformat()))


def end_questions(*, stage: Stage, now: datetime) -> None:
    """End what is still asked on a stage that is over; the caller saves the stage."""
    for question in stage.questions.filter(state__in=Question.LIVE):
        question.end()
        question.closed_at = _closing(question, now)
        question.save(update_fields=["state", "closed_at"])
        publish(QuestionClosed(question_id=question.pk, at=now.isoformat()))
    if stage.paused_at is not None:
        end_pause(stage=stage, now=now)


def _close(question: Question, stage: Stage, request: Request, now: datetime) -> None:
    question.closed_at = _closing(question, now)
    question.save(update_fields=["state", "answer", "closed_at"])
    Timer.objects.filter(question=question, state=Timer.State.PENDING).update(state=Timer.State.CANCELLED)
    stage.request = request
    let_go_on(stage=stage, now=now)


def _closing(question: Question, now: datetime) -> datetime:
    """Return when a question is over: not before it was asked, also where this machine's clock is behind the one that asked."""
    return max(now, question.asked_at)


def _person(request: Request, stage: Stage, actor: User, person_id: int) -> User:
    person = may_be_asked(request, actor).filter(pk=person_id).first()
    if person is None:
        sentence = "Choose the requester, or somebody else who holds a role here."
        raise InvalidInput("That person cannot be asked.", remedy=sentence, details={"person": sentence})
    if stage.questions.filter(asked=person, state__in=Question.LIVE).exists():
        sentence = f"{person.name} has not answered the last question on this stage yet."
        raise InvalidInput(sentence, remedy="Wait for the answer, or withdraw that question.", details={"person": sentence})
    if stage.questions.count() >= MOST_QUESTIONS:
        sentence = f"A stage takes at most {MOST_QUESTIONS} questions."
        raise InvalidInput(sentence, remedy="Send the request back and say what is missing.", details={"text": sentence})
    return person


def _refuse_closed(question: Question) -> None:
    if not question.is_live:
        raise Stale(f"This question is {question.get_state_display()}.", remedy="Nothing more is needed from you.")


def _refuse_unfit(text: str, name: str, sentence: str) -> None:
    if not text.strip():
        raise InvalidInput(sentence, details={name: sentence})
    if len(text) > LONGEST_TEXT or "\x00" in text:
        sentence = f"Shorten this to {LONGEST_TEXT:,} characters of text."
        raise InvalidInput(sentence, details={name: sentence})


def _record(question: Question, actor: User | None, request: Request, what: str, **after: object) -> None:
    after = {"stage": question.stage_id, "question": question.pk, **after}
    audit.record(actor=actor, verb=f"question.{what}", subject=request, entity=request.entity, after=after)
