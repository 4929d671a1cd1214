"""By which calendar a person works: stated by who looks after them, from a day on, on a page and by programs."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from core import clock
from core.errors import InvalidInput, NotFound
from core.models import AuditRecord, Entity, PersonCalendar, User, WorkCalendar
from core.selectors.calendars import calendars_of_people, own_calendar
from core.selectors.people import calendars_to_give
from core.services.calendars import state_person_calendar
from tests.factories.core import EntityFactory, UserFactory, WorkCalendarFactory, assign

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
APRIL = date(2026, 4, 1)


@pytest.fixture
def ada(entity: Entity) -> User:
    person: User = UserFactory.create(name="Ada Lovelace", email="ada@example.org")
    return assign(person, "finance", entity, kind="finance").user


@pytest.fixture
def tokyo() -> WorkCalendar:
    calendar: WorkCalendar = WorkCalendarFactory.create(code="tokyo", name="Tokyo office", time_zone="Asia/Tokyo")
    return calendar


def holds(person: User, at: datetime) -> WorkCalendar | None:
    return own_calendar(calendars_of_people([person.pk]), person.pk, at=at)


def counts() -> tuple[int, int]:
    return PersonCalendar.objects.count(), AuditRecord.objects.count()


def test_a_calendar_holds_from_the_start_of_its_day_where_it_is(ada: User, tokyo: WorkCalendar, administrator: User) -> None:
    with clock.at(NOW):
        state_person_calendar(person=ada, calendar=tokyo, valid_from=APRIL, actor=administrator)
        state_person_calendar(person=ada, calendar=None, valid_from=date(2026, 5, 1), actor=administrator)

    assert holds(ada, datetime(2026, 3, 31, 14, 59, tzinfo=UTC)) is None
    assert holds(ada, datetime(2026, 3, 31, 15, tzinfo=UTC)) == tokyo
    assert holds(ada, datetime(2026, 5, 1, tzinfo=UTC)) is None
    record = AuditRecord.objects.filter(verb="person.calendar_stated").earliest("pk")
    assert (record.actor, record.after) == (administrator, {"calendar": "tokyo", "valid_from": "2026-04-01"})


def test_the_same_day_again_takes_the_place_of_what_was_stated(ada: User, tokyo: WorkCalendar, administrator: User) -> None:
    with clock.at(NOW):
        for calendar in (tokyo, None, None):
            state_person_calendar(person=ada, calendar=calendar, valid_from=APRIL, actor=administrator)

    assert PersonCalendar.objects.get().calendar is None
    assert AuditRecord.objects.filter(verb="person.calendar_stated").count() == 2


def test_what_cannot_be_is_refused_and_nothing_moves(ada: User, tokyo: WorkCalendar, administrator: User) -> None:
    stranger = UserFactory.create(name="Stranger")
    assign(stranger, "finance", EntityFactory.create(code="other"), kind="finance")
    theirs = EntityFactory.create(code="third").calendar
    before = counts()

    with clock.at(NOW):
        for error, more in (
            (InvalidInput, {"valid_from": date(2026, 3, 1)}),
            (InvalidInput, {"calendar": theirs}),
            (NotFound, {"person": stranger}),
        ):
            said: dict[str, Any] = {"person": ada, "calendar": tokyo, "valid_from": APRIL, "actor": administrator} | more
            with pytest.raises(error):
                state_person_calendar(**said)

    assert counts() == before


def test_a_calendar_by_which_others_work_is_theirs(ada: User, tokyo: WorkCalendar, administrator: User) -> None:
    assert tokyo in calendars_to_give(administrator)
    stranger = UserFactory.create(name="Stranger")
    assign(stranger, "finance", EntityFactory.create(code="other"), kind="finance")
    PersonCalendar.objects.create(person=stranger, calendar=tokyo, valid_from=APRIL)

    assert tokyo not in calendars_to_give(administrator)


def test_what_was_stated_stays(ada: User, tokyo: WorkCalendar) -> None:
    row = PersonCalendar.objects.create(person=ada, calendar=tokyo, valid_from=APRIL)

    for step in (row.delete, lambda: PersonCalendar.objects.filter(pk=row.pk).update(valid_from=date(2026, 1, 1))):
        with pytest.raises(DatabaseError), transaction.atomic():
            step()


def test_the_page_takes_it_and_keeps_what_was_typed(client: Client, ada: User, tokyo: WorkCalendar, administrator: User) -> None:
    client.force_login(administrator)
    address = f"/people/{ada.pk}/calendar/"
    with clock.at(NOW):
        refused = client.post(address, {"calendar": tokyo.pk, "valid_from": "2026-03-01"})
        assert refused.status_code == 422
        assert "1 March 2026 is past" in refused.content.decode()
        assert 'value="2026-03-01"' in refused.content.decode()
        assert PersonCalendar.objects.count() == 0

        shown = client.post(address, {"calendar": tokyo.pk, "valid_from": "2026-04-01"}, follow=True).content.decode()
        listed = client.get("/people/").content.decode()
    assert "Ada Lovelace works by Tokyo office from 1 April 2026 on." in shown
    assert "Tokyo office, Asia/Tokyo" in shown
    assert address in listed


def test_a_program_states_and_lists_it(
    api: Callable[..., Any], ada: User, tokyo: WorkCalendar, administrator: User, requester: User
) -> None:
    with clock.at(NOW):
        desk, no_keeper = api(administrator), api(requester)
        kept = desk.post("person-calendars", {"person": "ADA@example.org", "calendar": "tokyo", "valid_from": "2026-04-01"})
        assert (kept.status_code, kept.json()["calendar"], kept.json()["time_zone"]) == (201, "tokyo", "Asia/Tokyo")
        (row,) = desk.get("person-calendars?person=ada@example.org").json()["results"]
        assert (row["person"], row["valid_from"]) == ("ada@example.org", "2026-04-01")
        before = counts()
        for wrong, field in (({"person": "nobody@example.org"}, "person"), ({"calendar": "moon"}, "calendar")):
            body = {"person": "ada@example.org", "calendar": "tokyo", "valid_from": "2026-04-02"} | wrong
            answer = desk.post("person-calendars", body)
            assert (answer.status_code, field in str(answer.json()["errors"])) == (400, True)
        assert no_keeper.get("person-calendars").status_code == 403
        assert counts() == before
