"""One's own account: name, zone, address."""

import re
from typing import Any

import pytest
from django.test import Client

from core.models import AuditRecord, User
from core.services import people

PASSWORD = "correct horse 9 battery"


@pytest.fixture
def person(db: None) -> User:
    return people.add_person(email="Person@example.org", name="Person", password=PASSWORD, actor=None)


@pytest.fixture
def desk(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_person_changes_name_and_zone_and_it_is_recorded(desk: Client, person: User) -> None:
    assert desk.post("/account/", {"name": "Another name", "time_zone": "Europe/Amsterdam"}).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.time_zone) == ("Another name", "Europe/Amsterdam")
    assert AuditRecord.objects.filter(verb="user.changed", actor=person, after__name="Another name").count() == 1
    assert "Europe/Amsterdam" in desk.get("/account/").content.decode()


def test_a_zone_that_is_none_is_said_and_nothing_is_lost(desk: Client, person: User) -> None:
    answer = desk.post("/account/", {"name": "Typed", "time_zone": "Europe/Nowhere"})
    assert answer.status_code == 422
    assert "There is no such time zone" in answer.content.decode()
    assert "Typed" in answer.content.decode()
    person.refresh_from_db()
    assert person.name == "Person"


def test_nobody_makes_themselves_more_by_the_form(desk: Client, person: User) -> None:
    desk.post(
        "/account/", {"name": "Person", "time_zone": "", "is_staff": "1", "is_superuser": "1", "email": "other@example.org"}
    )
    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser, person.email.lower()) == (False, False, "person@example.org")


def test_a_new_address_holds_once_its_link_is_confirmed(desk: Client, person: User, mailoutbox: list[Any]) -> None:
    wanted = {"email": "newer@example.org", "action_add": "1"}
    again = desk.post("/account/email/", wanted)
    assert "/account/again/" in again["Location"]
    desk.post(again["Location"], {"password": PASSWORD})
    person.refresh_from_db()
    assert person.email.lower() == "person@example.org"
    link = re.search(r"http://testserver(\S+)", mailoutbox[-1].body)
    assert link
    assert mailoutbox[-1].to == ["newer@example.org"]
    Client().get(link[1])
    person.refresh_from_db()
    assert person.email.lower() == "person@example.org"
    desk.post(link[1])
    person.refresh_from_db()
    assert person.email == "newer@example.org"
    assert AuditRecord.objects.filter(verb="person.email_changed", actor=person).count() == 1


def test_nobody_registers(client: Client, db: None) -> None:
    for path in ("/accounts/signup/", "/account/signup/", "/signup/"):
        assert client.post(path, {"email": "x@example.org", "password1": PASSWORD}).status_code in {302, 404}
    assert not User.objects.filter(email="x@example.org").exists()


def test_an_old_persons_address_may_be_changed_by_an_administrator(person: User, administrator: User) -> None:
    person.email = "changed@example.org"
    people.change_person(person=person, actor=administrator)
    assert Client().post("/sign-in/", {"login": "changed@example.org", "password": PASSWORD}).status_code == 302
    assert Client().post("/sign-in/", {"login": "person@example.org", "password": PASSWORD}).status_code == 422
