"""Meetings of committees: planned, called, opened with what waits, closed with the decisions; reminders and due times."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from approvals.models import Attendance, CommitteeVersion, Meeting, MeetingItem, Request, Timer
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.meetings import call_meeting, close_meeting, open_meeting, record_attendance, tend_meetings
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import AuditRecord, Notice, User
from core.services import outbox
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.factories.owners import asking, committee, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
# The second Tuesday of March, at ten.
TUESDAY = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


@pytest.fixture
def people(kafka: House) -> list[User]:
    asking(kafka.entity, {"committee": "budget", "sla": "next meeting"})
    return [member(kafka.entity, name) for name in ("Chair", "Ann", "Bob", "Guest")]


@pytest.fixture
def board(kafka: House, people: list[User]) -> CommitteeVersion:
    return committee(
        kafka.entity, people[0], people[1:3], as_needed=[people[3]], meets="monthly: budget review", counts_noes=True
    )


def _wanted(kafka: House, net: str = "1200") -> Request:
    return submitted(kafka.engineer, kafka.account, net, kind="scope_change")


def _meeting() -> Meeting:
    tend_meetings()
    return Meeting.objects.get(starts_at=TUESDAY)


def _opened(people: list[User]) -> Meeting:
    meeting = _meeting()
    with clock.at(TUESDAY):
        return open_meeting(meeting_id=meeting.pk, actor=people[0])


def _vote(request: Request, person: User, *, yes: bool = True) -> None:
    stage = stages_of(request)[0]
    if yes:
        approve_stage(stage_id=stage.pk, actor=person, digest=request.digest, comment="So be it.")
    else:
        reject_stage(stage_id=stage.pk, actor=person, digest=request.digest, comment="Not now.")


def test_the_next_meeting_is_planned_once(board: CommitteeVersion) -> None:
    assert tend_meetings() == 1
    assert tend_meetings() == 0
    meeting = Meeting.objects.get()
    assert (meeting.starts_at, meeting.state, meeting.purposes) == (TUESDAY, "planned", ["budget review"])
    with clock.at(TUESDAY + timedelta(hours=1)):
        assert tend_meetings() >= 1
    assert list(Meeting.objects.order_by("number").values_list("number", "starts_at__month")) == [(1, 3), (2, 4)]


def test_what_it_gets_is_due_by_the_end_of_the_day_of_its_next_meeting(kafka: House, board: CommitteeVersion) -> None:
    stage = stages_of(_wanted(kafka))[0]
    assert stage.due_at == datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
    timers = {timer.kind: timer for timer in Timer.objects.filter(stage=stage)}
    assert timers["escalate"].due_at == timers["breach"].due_at == stage.due_at
    assert timers["warn"].due_at < stage.due_at
    assert "next meeting" in timers["breach"].explanation


def test_without_a_meeting_that_is_known_the_rules_own_span_counts(kafka: House, people: list[User]) -> None:
    version = committee(kafka.entity, people[0], people[1:3])
    assert stages_of(_wanted(kafka))[0].due_at == datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    thursday = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)
    call_meeting(committee=version.committee, starts_at=thursday, purpose="Urgent", actor=people[0])
    assert stages_of(_wanted(kafka))[0].due_at == datetime(2026, 3, 5, 17, 0, tzinfo=UTC)


def test_its_agenda_is_frozen_as_it_is_opened(kafka: House, people: list[User], board: CommitteeVersion) -> None:
    first, second = _wanted(kafka), _wanted(kafka, "800")
    meeting = _opened(people)
    with clock.at(TUESDAY):
        _wanted(kafka, "50")
    items = list(MeetingItem.objects.filter(meeting=meeting).order_by("position"))
    assert [item.request for item in items] == [first, second]
    assert (items[0].content["amount"], items[0].content["digest"]) == ("1200.00", first.digest)
    assert items[0].content["effects"]
    acts: list[Any] = [
        lambda: MeetingItem.objects.create(meeting=meeting, position=9, stage=items[0].stage, request=first, content={}),
        lambda: MeetingItem.objects.update(content={}),
        lambda: MeetingItem.objects.all().delete(),
    ]
    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert MeetingItem.objects.count() == 2


def test_its_minutes_are_the_decisions_and_what_is_left_over_comes_again(
    kafka: House, people: list[User], board: CommitteeVersion
) -> None:
    passed, refused, waiting = _wanted(kafka), _wanted(kafka, "800"), _wanted(kafka, "50")
    meeting = _opened(people)
    with clock.at(TUESDAY + timedelta(minutes=5)):
        record_attendance(meeting_id=meeting.pk, people=[people[0].pk, people[1].pk, people[3].pk], actor=people[0])
        for person in people[:2]:
            _vote(passed, person)
            _vote(refused, person, yes=False)
        _vote(waiting, people[1])
        closed = close_meeting(meeting_id=meeting.pk, actor=people[0])
    said = json.loads(closed.minutes)
    assert hashlib.sha256(closed.minutes.encode()).hexdigest() == closed.minutes_sha256
    assert [(item["request"], item["outcome"]) for item in said["items"]] == [
        (passed.number, "approved"),
        (refused.number, "rejected"),
        (waiting.number, "left over"),
    ]
    assert said["left_over"] == [waiting.number]
    votes = [(each["person"], each["verdict"], each["reason"]) for each in said["items"][0]["decisions"]]
    assert votes == [("Chair", "approved", "So be it."), ("Ann", "approved", "So be it.")]
    assert [each["name"] for each in said["present"]] == ["Chair", "Ann", "Guest"]
    assert ([each["name"] for each in said["absent"]], said["quorum_attended"]) == (["Bob"], "yes")
    with clock.at(TUESDAY + timedelta(minutes=6)):
        outbox.drain()
    assert Notice.objects.filter(kind="approvals.meeting_closed").count() == 4
    april = datetime(2026, 4, 14, 10, 0, tzinfo=UTC)
    with clock.at(april - timedelta(days=1)):
        tend_meetings()
    with clock.at(april):
        again = open_meeting(meeting_id=Meeting.objects.get(starts_at=april).pk, actor=people[0])
    assert [(item.request, item.carried) for item in again.items.all()] == [(waiting, 1)]


def test_too_few_at_a_meeting_are_said(kafka: House, people: list[User], board: CommitteeVersion) -> None:
    meeting = _opened(people)
    with clock.at(TUESDAY):
        # Whoever is there as needed has no vote, and so no part in the quorum.
        record_attendance(meeting_id=meeting.pk, people=[people[0].pk, people[3].pk], actor=people[0])
        closed = close_meeting(meeting_id=meeting.pk, actor=people[0])
    assert (closed.is_quorate, json.loads(closed.minutes)["quorum_attended"]) == (False, "no")


def test_the_chair_runs_it_and_a_member_only_while_the_chair_is_away(
    kafka: House, people: list[User], board: CommitteeVersion, director: User
) -> None:
    meeting, before = _meeting(), AuditRecord.objects.count()
    with clock.at(TUESDAY):
        for person in (people[1], people[3], director):
            with pytest.raises(NotAllowed):
                open_meeting(meeting_id=meeting.pk, actor=person)
        assert (Meeting.objects.get(pk=meeting.pk).state, AuditRecord.objects.count()) == ("planned", before)
    day = TUESDAY.date()
    state_delegation(data=DelegationData(kafka.entity, people[0], None, day, day), actor=people[0])
    with clock.at(TUESDAY):
        with pytest.raises(NotAllowed):
            open_meeting(meeting_id=meeting.pk, actor=people[3])
        assert open_meeting(meeting_id=meeting.pk, actor=people[1]).state == "open"


def test_a_meeting_is_opened_on_its_day_one_at_a_time_and_closed_once(
    kafka: House, people: list[User], board: CommitteeVersion
) -> None:
    meeting = _meeting()
    with pytest.raises(WrongState, match="on its day"):
        open_meeting(meeting_id=meeting.pk, actor=people[0])
    other = call_meeting(committee=board.committee, starts_at=TUESDAY + timedelta(hours=2), purpose="More", actor=people[0])
    with clock.at(TUESDAY):
        with pytest.raises(WrongState):
            close_meeting(meeting_id=meeting.pk, actor=people[0])
        open_meeting(meeting_id=meeting.pk, actor=people[0])
        with pytest.raises(WrongState, match="Another meeting"):
            open_meeting(meeting_id=other.pk, actor=people[0])
        with pytest.raises(InvalidInput):
            record_attendance(meeting_id=meeting.pk, people=[kafka.engineer.pk], actor=people[0])
        close_meeting(meeting_id=meeting.pk, actor=people[0])
        with pytest.raises(WrongState):
            close_meeting(meeting_id=meeting.pk, actor=people[0])
    acts: list[Any] = [
        lambda: Meeting.objects.filter(pk=meeting.pk).update(minutes="{}"),
        lambda: Meeting.objects.filter(pk=other.pk).update(state="closed"),
        lambda: Meeting.objects.all().delete(),
        lambda: Attendance.objects.create(meeting=meeting, person=people[1], recorded_by=people[0]),
    ]
    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_minutes_that_are_not_what_was_hashed_are_refused_by_the_database(people: list[User], board: CommitteeVersion) -> None:
    meeting = _opened(people)
    said = {"state": "closed", "closed_at": TUESDAY, "closed_by": people[0], "is_quorate": True, "minutes": "{}"}
    with pytest.raises(DatabaseError, match="minutes and their hash"), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(**said, minutes_sha256="0" * 64)
    assert Meeting.objects.get(pk=meeting.pk).state == "open"


def test_whoever_sits_is_reminded_once_with_the_agenda_in_one_mail(
    kafka: House, people: list[User], board: CommitteeVersion
) -> None:
    requests = [_wanted(kafka), _wanted(kafka, "800")]
    _meeting()
    outbox.drain()
    mail.outbox.clear()
    for hours in (-48, -47):
        with clock.at(TUESDAY + timedelta(hours=hours)):
            tend_meetings()
            outbox.drain()
    told = [each for each in mail.outbox if "on the agenda" in each.subject]
    assert sorted(each.to[0] for each in told) == sorted(person.email for person in people)
    assert "2 on the agenda" in told[0].subject
    assert all(request.number in str(told[0].body) for request in requests)


def test_a_meeting_that_nobody_opens_was_not_held(people: list[User], board: CommitteeVersion) -> None:
    meeting = _meeting()
    with clock.at(TUESDAY + timedelta(hours=25)):
        tend_meetings()
        assert Meeting.objects.get(pk=meeting.pk).state == "lapsed"
        with pytest.raises(WrongState):
            open_meeting(meeting_id=meeting.pk, actor=people[0])


def test_a_meeting_is_called_by_who_runs_it_for_a_time_to_come(
    kafka: House, people: list[User], board: CommitteeVersion, administrator: User
) -> None:
    given: dict[str, Any] = {"committee": board.committee, "starts_at": TUESDAY - timedelta(days=3), "purpose": "Urgent"}
    for person in (people[1], kafka.engineer):
        with pytest.raises(NotAllowed):
            call_meeting(**given, actor=person)
    for wrong in ({"starts_at": MONDAY}, {"purpose": " "}):
        with pytest.raises(InvalidInput):
            call_meeting(**{**given, **wrong}, actor=people[0])
    assert not Meeting.objects.exists()
    call_meeting(**given, actor=administrator)
    with pytest.raises(WrongState, match="at that moment"):
        call_meeting(**given, actor=people[0])
    assert Meeting.objects.get().called_by == administrator
