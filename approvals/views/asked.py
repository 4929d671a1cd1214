"""Questions as pages show them: who asked whom what, what was answered, and what this person can do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from approvals.forms import AnswerForm
from approvals.models import Question, Request
from core.models import User

# Kind of mark and word for each state.
STATES: dict[str, tuple[str, str]] = {
    Question.State.OPEN: ("watch", "Waits for an answer"),
    Question.State.LAPSED: ("watch", "Not answered in time; the clock runs again"),
    Question.State.ANSWERED: ("good", "Answered"),
    Question.State.WITHDRAWN: ("hold", "Withdrawn"),
    Question.State.ENDED: ("hold", "Ended with the stage"),
}


@dataclass(frozen=True)
class QuestionShown:
    """A question. `form` is there for whoever was asked, `withdraw_url` for whoever asked, while it is open."""

    key: int
    asked_by: str
    asked: str
    stage: str
    text: str
    at: datetime
    kind: str
    word: str
    pauses: bool
    answer: str
    closed_at: datetime | None
    form: AnswerForm | None
    answer_url: str
    withdraw_url: str


def questions_shown(found: Request, questions: Iterable[Question], person: User) -> list[QuestionShown]:
    """Return questions as this person sees them."""
    return [_shown(found, question, person) for question in questions]


def _shown(found: Request, question: Question, person: User) -> QuestionShown:
    kind, word = STATES[question.state]
    place = [found.number, question.pk]
    return QuestionShown(
        key=question.pk,
        asked_by=question.asked_by.name,
        asked=question.asked.name,
        stage=question.stage.name,
        text=question.text,
        at=question.asked_at,
        kind=kind,
        word=word,
        pauses=question.pauses and question.state == Question.State.OPEN,
        answer=question.answer,
        closed_at=question.closed_at,
        form=AnswerForm(prefix=f"q{question.pk}") if question.is_live and question.asked_id == person.pk else None,
        answer_url=reverse("approvals:question-answer", args=place),
        withdraw_url=(
            reverse("approvals:question-withdraw", args=place) if question.is_live and question.asked_by_id == person.pk else ""
        ),
    )
