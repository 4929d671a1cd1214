"""Comments: by whoever sees the request, with all they said before; a mention tells, and shows nobody anything."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Comment, Mention, Request, Wording
from approvals.selectors.requests import visible_requests
from approvals.services import comments
from approvals.services.comments import edit_comment, withdraw_comment, write_comment
from core import clock
from core.errors import InvalidInput, NotAllowed, NotFound, Stale, WrongState
from core.models import AuditRecord, Notice, User
from core.services import outbox
from tests.factories.approvals import MONDAY, approve_all, draft, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def request_(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account)


@pytest.fixture
def say(request_: Request, kafka: House) -> Callable[..., Comment]:
    def write(text: str, actor: User | None = None) -> Comment:
        return write_comment(request_id=request_.pk, actor=actor or kafka.engineer, text=text)

    return write


def rows() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Comment, Wording, Mention, Notice, AuditRecord))


def told(person: User) -> list[str]:
    while outbox.drain():
        pass
    return list(Notice.objects.filter(person=person, kind="approvals.mentioned").values_list("subject", flat=True))


def test_whoever_is_named_and_sees_it_is_told_once(say: Any, kafka: House, director: User, request_: Request) -> None:
    comment = say("@Program director, is Tuesday soon enough? <b>@Program Director</b>")

    assert told(director) == [f"Engineer names you on {request_.number}: {request_.title}"]
    notice = Notice.objects.get(kind="approvals.mentioned")
    assert notice.url == f"/requests/{request_.number}/#comment-{comment.pk}"
    edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="@program-director@house.example.org, is Wednesday?")
    assert len(told(director)) == 1


def test_a_mention_shows_the_request_to_nobody(say: Any, kafka: House, request_: Request) -> None:
    """Who does not see it is refused in the words for who is not there; nothing is kept, nobody is told."""
    blind = UserFactory.create(name="Blind", email="blind@house.example.org")
    assign(blind, "reader", kafka.entity, kind="requester", cost_centre=kafka.budget.cost_centres["PRODUCT"])
    before = rows()

    words = []
    for name in ("Blind", "blind@house.example.org", "Nemo"):
        with pytest.raises(InvalidInput) as refusal:
            say(f"See this, @{name} please")
        words.append(refusal.value.details["text"].replace(name, "…"))

    assert len(set(words)) == 1
    assert "names nobody who sees" in words[0]
    assert rows() == before
    assert not visible_requests(blind).filter(pk=request_.pk).exists()


def test_of_two_of_one_name_the_one_who_sees_it_is_meant(say: Any, kafka: House, director: User) -> None:
    twin = UserFactory.create(name="Program director", email="twin@house.example.org")
    assign(twin, "reader", kafka.entity, kind="requester", cost_centre=kafka.budget.cost_centres["PRODUCT"])
    say("@Program director?")
    assert (len(told(director)), told(twin)) == (1, [])

    assign(twin, "auditor", kafka.entity, kind="auditor")
    with pytest.raises(InvalidInput, match="more than one"):
        say("@Program director?")
    say("@twin@house.example.org?")
    assert len(told(twin)) == 1


def test_who_no_longer_sees_it_when_told_is_not_told(say: Any, kafka: House) -> None:
    auditor = UserFactory.create(name="Auditor")
    held = assign(auditor, "auditor", kafka.entity, kind="auditor")
    say("@Auditor, have a look.")
    held.delete()
    assert told(auditor) == []


def test_a_withdrawn_comment_tells_nobody(say: Any, kafka: House, director: User) -> None:
    comment = say("@Program director, forget it.")
    withdraw_comment(comment_id=comment.pk, actor=kafka.engineer)
    assert told(director) == []


@pytest.mark.parametrize("text", ["", "  \n", "\u202e\u200b", "x" * 2001, "a\x00b", " ".join(["@Engineer"] * 11)])
def test_what_says_nothing_or_too_much_is_refused(say: Any, text: str) -> None:
    before = rows()
    with pytest.raises(InvalidInput) as refusal:
        say(text)
    assert (list(refusal.value.details), rows()) == (["text"], before)


def test_only_who_sees_the_request_writes_and_nobody_on_a_draft(kafka: House, say: Any, outsider: User) -> None:
    kept = draft(kafka.engineer, kafka.account)
    before = rows()
    with pytest.raises(NotAllowed):
        say("Hello", outsider)
    with pytest.raises(WrongState):
        write_comment(request_id=kept.pk, actor=kafka.engineer, text="Hello")
    with pytest.raises(NotFound):
        write_comment(request_id=0, actor=kafka.engineer, text="Hello")
    assert rows() == before


def test_an_ended_request_is_still_written_on(request_: Request, say: Any, director: User) -> None:
    approve_all(request_)
    assert say("Thanks.", director).author == director


def test_edited_and_withdrawn_by_its_author_with_a_trace(say: Any, kafka: House, director: User) -> None:
    comment = say("Tuesday.\r\n")
    with pytest.raises(NotAllowed, match="Engineer wrote this"):
        edit_comment(comment_id=comment.pk, actor=director, text="Never.")
    with pytest.raises(NotAllowed, match="Engineer wrote this"):
        withdraw_comment(comment_id=comment.pk, actor=director)
    with clock.at(MONDAY + timedelta(minutes=5)):
        edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="Wednesday.")
        edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="Wednesday. ")
    with clock.at(MONDAY + timedelta(minutes=9)):
        withdraw_comment(comment_id=comment.pk, actor=kafka.engineer)

    assert list(comment.wordings.values_list("number", "text")) == [(1, "Tuesday."), (2, "Wednesday.")]
    with pytest.raises(Stale):
        edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="Back.")
    with pytest.raises(Stale):
        withdraw_comment(comment_id=comment.pk, actor=kafka.engineer)
    verbs = AuditRecord.objects.filter(verb__startswith="comment.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["comment.written", "comment.edited", "comment.withdrawn"]


def test_there_are_bounds(say: Any, kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "MOST_WORDINGS", 2)
    monkeypatch.setattr(comments, "MOST_COMMENTS", 1)
    comment = say("One")
    edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="Two")
    with pytest.raises(WrongState, match="at most 1 times"):
        edit_comment(comment_id=comment.pk, actor=kafka.engineer, text="Three")
    with pytest.raises(WrongState, match="at most 1 comments"):
        say("Another")


def test_the_database_keeps_what_was_said(say: Any, kafka: House, director: User) -> None:
    comment = say("Tuesday. @Program director")
    mine = Comment.objects.filter(pk=comment.pk)
    steps: list[Callable[[], Any]] = [
        lambda: mine.update(author=director),
        mine.delete,
        lambda: Wording.objects.update(text="Never."),
        lambda: Wording.objects.all().delete(),
        lambda: Mention.objects.all().delete(),
        lambda: Mention.objects.update(person=kafka.engineer),
    ]
    withdraw_comment(comment_id=comment.pk, actor=kafka.engineer)
    steps += [
        lambda: mine.update(withdrawn_at=None),
        lambda: Wording.objects.create(comment=comment, number=2, text="Back.", said_at=clock.now()),
    ]
    for step in steps:
        with pytest.raises(DatabaseError), transaction.atomic():
            step()
