"""Time to decide is counted by the calendar of whoever owns the stage, from its prediction to the last who takes it over."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from approvals.models import Stage, StageMember, Timer
from approvals.selectors.chains import predicted_chain
from approvals.services.decisions import approve_stage
from approvals.services.hands import add_approver, hand_over
from approvals.services.policies import load_policy
from approvals.services.questions import answer_question, ask_question
from approvals.services.timers import fire_due
from approvals.services.undoing import take_back
from core import clock
from core.models import AuditRecord, CalendarDay, PersonCalendar, User, WorkCalendar
from tests.factories.approvals import MONDAY, asked, stages_of, submitted
from tests.factories.core import UserFactory, WorkCalendarFactory, assign
from tests.factories.policy_changes import KAFKA
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
LONG_AGO = date(2025, 1, 1)


def works_by(person: User, zone: str, day: date = LONG_AGO, **more: Any) -> WorkCalendar:
    """Let a person work from nine to five in a zone."""
    calendar: WorkCalendar = WorkCalendarFactory.create(
        time_zone=zone, opens_at=time(9), closes_at=time(17), country="", weekdays="01234", **more
    )
    PersonCalendar.objects.create(person=person, calendar=calendar, valid_from=day)
    return calendar


def kinds(stage: Stage) -> dict[str, Timer]:
    return {timer.kind: timer for timer in stage.timers.exclude(state="cancelled").select_related("calendar", "whose")}


def the_stage(house: House, sla: str = "8 business hours", **stage: Any) -> Stage:
    """Put a request before the owner, or owners, of one stage."""
    rules = [{"kind": "vendor_payment", "stages": [{"role": "program_director"} | stage], "sla": sla}]
    document = KAFKA | {"rules": [*rules, *(rule for rule in KAFKA["rules"] if rule["kind"] != "vendor_payment")]}
    document["accepted_gaps"] = [gap for gap in KAFKA["accepted_gaps"] if gap["kind"] != "vendor_payment"]
    load_policy(document=document, entity=house.entity, actor=None)
    return stages_of(submitted(house.engineer, house.account, "100"))[0]


def another(house: House, role: str = "program_director") -> User:
    person: User = UserFactory.create(name="Ada Lovelace")
    assign(person, role, house.entity)
    return person


def test_the_owners_own_calendar_counts_and_says_so(kafka: House, director: User) -> None:
    calendar = works_by(director, "America/New_York")

    stage = the_stage(kafka)

    # Ten o'clock in Greenwich is five in New York; nine to five there is all of it.
    assert stage.due_at == datetime(2026, 3, 2, 22, tzinfo=UTC)
    deadline = kinds(stage)["breach"]
    assert (deadline.calendar, deadline.whose, deadline.share, deadline.runs_from) == (calendar, director, 1, None)
    assert (
        "Mon 2 Mar 2026, 17:00 (by the calendar of Program director, America/New_York, calendar version 1)"
        in deadline.explanation
    )


def test_lists_and_panel_say_by_that_calendar_how_long_is_left(kafka: House, director: User, client: Client) -> None:
    works_by(director, "America/New_York")
    stage = the_stage(kafka)
    client.force_login(director)

    # New York opens at two in the afternoon in Greenwich: by the organization's calendar, open since nine, four hours more.
    with clock.at(datetime(2026, 3, 2, 13, tzinfo=UTC)):
        pages = [client.get(address).content.decode() for address in ("/queue/", f"/queue/{stage.pk}/")]
    assert ["Due in 1\u00a0d" in page for page in pages] == [True, True]


def test_without_one_the_organizations_counts_as_before(kafka: House) -> None:
    stage = the_stage(kafka)

    assert stage.due_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert kinds(stage)["breach"].calendar_id == kafka.entity.calendar_id
    assert kinds(stage)["breach"].whose is None


def test_it_holds_from_its_day_on(kafka: House, director: User) -> None:
    works_by(director, "America/New_York", MONDAY.date() + timedelta(days=1))
    PersonCalendar.objects.create(person=director, calendar=None, valid_from=MONDAY.date() + timedelta(days=7))

    with_theirs = [MONDAY + timedelta(days=1, hours=6), MONDAY + timedelta(days=3)]
    for moment in (MONDAY, *with_theirs, MONDAY + timedelta(days=8)):
        with clock.at(moment):
            assert (kinds(the_stage(kafka))["breach"].whose == director) is (moment in with_theirs)


def test_the_prediction_counts_in_the_same_way(kafka: House, director: User) -> None:
    works_by(director, "Asia/Tokyo")
    stage = the_stage(kafka)

    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "100"))

    assert [planned.due_at for planned in found.stages] == [stage.due_at]
    assert found.stages[0].explanation == kinds(stage)["breach"].explanation


@pytest.mark.parametrize(
    ("quorum", "due", "whose"),
    [
        # Tokyo closed at eight in Greenwich, so there it is the whole of Tuesday; New York works from two to ten today.
        ("any", datetime(2026, 3, 2, 22, tzinfo=UTC), "New York"),
        (2, datetime(2026, 3, 3, 8, tzinfo=UTC), "Tokyo"),
        ("all", datetime(2026, 3, 3, 10, tzinfo=UTC), ""),
    ],
)
def test_of_several_as_many_as_must_approve_have_the_whole_time(kafka: House, quorum: Any, due: datetime, whose: str) -> None:
    for name, zone in (("New York", "America/New_York"), ("Tokyo", "Asia/Tokyo")):
        person = another(kafka)
        User.objects.filter(pk=person.pk).update(name=name)
        works_by(person, zone)

    stage = the_stage(kafka, quorum=quorum)

    deadline = kinds(stage)["breach"]
    assert (stage.due_at, deadline.whose.name if deadline.whose else "") == (due, whose)
    of = {"any": 1, 2: 2, "all": 3}[quorum]
    assert f"by which {of} of 3 {'has' if of == 1 else 'have'} had the whole time" in deadline.explanation


def test_several_who_share_a_calendar_go_by_it(kafka: House, director: User) -> None:
    calendar = works_by(director, "Asia/Tokyo")
    PersonCalendar.objects.create(person=another(kafka), calendar=calendar, valid_from=LONG_AGO)

    stage = the_stage(kafka, quorum="all")

    assert kinds(stage)["breach"].calendar == calendar
    assert "by which" not in kinds(stage)["breach"].explanation


# ---------------------------------------------------------------- handed over


def test_who_takes_it_over_has_what_was_left_by_their_own_calendar(kafka: House, director: User) -> None:
    ada = another(kafka)
    works_by(ada, "America/New_York")
    stage = the_stage(kafka)
    with clock.at(MONDAY + timedelta(hours=4)):  # half of eight hours is over; in New York it is nine
        hand_over(stage_id=stage.pk, actor=stage.owner, person_id=ada.pk, reason="On the road.")

    stage.refresh_from_db()
    found = kinds(stage)
    assert stage.owner == ada
    assert stage.due_at == found["breach"].due_at == datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert (found["breach"].share, found["breach"].starts_at) == (0.5, MONDAY)
    assert found["breach"].explanation.splitlines()[-1] == (
        "Put before Ada Lovelace on Mon 2 Mar 2026, 09:00 with 50 % of the time left: due Mon 2 Mar 2026, 13:00 "
        "(by the calendar of Ada Lovelace, America/New_York, calendar version 1)."
    )
    assert AuditRecord.objects.filter(verb="timer.moved", after__kind="breach").count() == 1


def test_a_holiday_of_the_new_owner_moves_what_is_left_alone(kafka: House, director: User) -> None:
    ada = another(kafka)
    calendar = works_by(ada, "America/New_York")
    stage = the_stage(kafka)
    with clock.at(MONDAY + timedelta(hours=4)):
        hand_over(stage_id=stage.pk, actor=director, person_id=ada.pk, reason="On the road.")
        CalendarDay.objects.create(calendar=calendar, day=MONDAY.date(), name="Snow")
        WorkCalendar.objects.filter(pk=calendar.pk).update(version=2)
        fire_due()

    stage.refresh_from_db()
    assert stage.due_at == datetime(2026, 3, 3, 18, tzinfo=UTC)
    assert "Snow" in kinds(stage)["breach"].explanation


def test_a_clock_that_stood_still_goes_on_by_the_new_owners_calendar(kafka: House, director: User) -> None:
    ada = another(kafka)
    works_by(ada, "America/New_York")
    stage = the_stage(kafka)
    with clock.at(MONDAY + timedelta(hours=2)):
        question = ask_question(stage_id=stage.pk, actor=director, person_id=kafka.engineer.pk, text="Which one?")
    with clock.at(MONDAY + timedelta(hours=4)):
        hand_over(stage_id=stage.pk, actor=director, person_id=ada.pk, reason="On the road.")
    with clock.at(MONDAY + timedelta(hours=6)):  # eleven in New York
        answer_question(question_id=question.pk, actor=kafka.engineer, text="The small one.")

    stage.refresh_from_db()
    # Six of eight hours were left when the question was asked.
    assert kinds(stage)["breach"].share == 0.75
    assert stage.due_at == datetime(2026, 3, 2, 22, tzinfo=UTC)


def test_who_has_the_same_calendar_changes_nothing(kafka: House, director: User) -> None:
    ada = another(kafka)
    stage = the_stage(kafka)
    with clock.at(MONDAY + timedelta(hours=4)):
        hand_over(stage_id=stage.pk, actor=director, person_id=ada.pk, reason="On the road.")

    assert [(timer.share, timer.runs_from) for timer in kinds(stage).values()] == [(1, None)] * 3


def test_plain_hours_are_nobodys(kafka: House, director: User) -> None:
    ada = another(kafka)
    works_by(ada, "America/New_York")
    stage = the_stage(kafka, sla="24 hours")
    due = stage.due_at
    with clock.at(MONDAY + timedelta(hours=4)):
        hand_over(stage_id=stage.pk, actor=director, person_id=ada.pk, reason="On the road.")

    stage.refresh_from_db()
    assert stage.due_at == due


def test_one_more_who_must_approve_has_the_time_too(kafka: House, director: User) -> None:
    ada = another(kafka, "tech_lead")
    works_by(ada, "America/New_York")
    stage = the_stage(kafka)
    with clock.at(MONDAY + timedelta(hours=4)):
        add_approver(stage_id=stage.pk, actor=director, person_id=ada.pk, reason="She knows it.")

    stage.refresh_from_db()
    # Both must approve: the later of four hours at home and four in New York.
    assert (stage.needed, kinds(stage)["breach"].whose) == (2, None)
    assert stage.due_at == datetime(2026, 3, 3, 10, tzinfo=UTC)


def test_a_backup_joins_and_the_owners_clock_stays(kafka: House, director: User) -> None:
    works_by(director, "America/New_York")
    stage = the_stage(kafka, sla="5 business days")
    due = stage.due_at
    with clock.at(MONDAY + timedelta(days=4)):
        fire_due()

    stage.refresh_from_db()
    assert stage.escalated_at is not None
    assert (stage.due_at, kinds(stage)["breach"].whose) == (due, director)


def test_a_decision_taken_back_lets_the_same_calendar_run_on(kafka: House, director: User) -> None:
    works_by(director, "America/New_York")
    stage = the_stage(kafka)
    due = stage.due_at
    decision = approve_stage(stage_id=stage.pk, actor=director, digest=stage.request.digest)
    take_back(decision_id=decision.pk, actor=director)

    stage.refresh_from_db()
    assert (stage.due_at, kinds(stage)["breach"].whose) == (due, director)


# ---------------------------------------------------------------- the walls


def _refused(said: str, step: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match=said), transaction.atomic():
        step()
        connection.check_constraints()


def test_the_database_lets_a_clock_go_by_no_other_calendar(kafka: House, director: User) -> None:
    foreign = works_by(another(kafka, "tech_lead"), "Asia/Tokyo")
    own = works_by(director, "America/New_York")
    stage = the_stage(kafka)
    mine = Timer.objects.filter(stage=stage, kind="breach")
    said = {"explanation": "So.", "due_at": MONDAY + timedelta(days=9)}

    _refused("comes to somebody else", lambda: mine.update(calendar=foreign, calendar_version=1, **said))
    _refused("comes to somebody else", lambda: mine.update(whose=None, calendar=kafka.entity.calendar))
    _refused("comes to somebody else", lambda: mine.update(share=0.5, runs_from=MONDAY + timedelta(hours=1)))
    joined = StageMember.objects.get(stage=stage).added_at
    _refused("calendar of its owner", lambda: mine.update(calendar=foreign, whose=director, runs_from=joined))
    stranger = {"whose": PersonCalendar.objects.get(calendar=foreign).person, "calendar": foreign, "runs_from": joined}
    _refused("whom its stage asks", lambda: mine.update(**stranger))
    assert mine.get().calendar == own


def test_no_clock_reads_calendars_of_people_where_it_fires(kafka: House, director: User) -> None:
    works_by(director, "America/New_York")
    the_stage(kafka)
    with clock.at(MONDAY + timedelta(days=9)), connection.execute_wrapper(_refuse_calendars):
        assert fire_due() == 3


def _refuse_calendars(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert "core_personcalendar" not in sql
    return execute(sql, params, many, context)
