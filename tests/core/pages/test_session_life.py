"""Sessions: a new key at each sign-in and change of rights or password, an end by the clock, a list, and an end at once."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.test import Client

from core import clock
from core.models import Entity, User
from core.services import assignments, master_data, people
from tests.factories.core import role

PASSWORD = "correct horse 9 battery"


@pytest.fixture
def person(requester: User) -> User:
    requester.set_password(PASSWORD)
    requester.save(update_fields=["password"])
    return requester


def signed_in(person: User, browser: str = "") -> Client:
    client = Client(headers={"User-Agent": browser})
    answer = client.post("/sign-in/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/notices/").status_code == 200


def test_signing_in_gives_the_session_a_new_key(person: User) -> None:
    client = Client()
    client.get("/account/password/forgotten/")
    client.session["planted"] = True
    session = client.session
    session.save()
    client.cookies["sessionid"] = planted = str(session.session_key)
    client.post("/sign-in/", {"login": person.email, "password": PASSWORD})
    assert client.session.session_key != planted
    stale = Client()
    stale.cookies["sessionid"] = planted
    assert not is_in(stale)


def test_a_change_of_rights_gives_the_session_a_new_key_and_keeps_it(person: User, entity: Entity, administrator: User) -> None:
    client = signed_in(person)
    before = str(client.session.session_key)
    assert is_in(client)
    assert client.session.session_key == before
    assignments.assign_role(person=person, role=role("approver", "approver"), entity=entity, actor=administrator)
    assert is_in(client)
    assert client.session.session_key != before
    stale = Client()
    stale.cookies["sessionid"] = before
    assert not is_in(stale)
    assert UserSession.objects.filter(user=person).count() == 1


def test_a_new_password_ends_the_other_sessions_and_rotates_this_one(person: User) -> None:
    here, elsewhere = signed_in(person), signed_in(person)
    before = here.session.session_key
    new = "another quiet evening"
    answer = here.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(elsewhere)


def test_a_password_set_by_an_administrator_ends_every_session(person: User, administrator: User) -> None:
    clients = [signed_in(person), signed_in(person)]
    master_data.set_password(person=User.objects.get(pk=person.pk), password="another quiet evening", actor=administrator)
    assert not any(is_in(client) for client in clients)
    assert not UserSession.objects.filter(user=person).exists()


def test_who_is_made_inactive_is_out_at_once_and_stays_out(person: User, administrator: User) -> None:
    client = signed_in(person)
    left = User.objects.get(pk=person.pk)
    left.is_active = False
    people.change_person(person=left, actor=administrator)
    assert not is_in(client)
    left.is_active = True
    people.change_person(person=left, actor=administrator)
    assert not is_in(client)


@pytest.mark.parametrize(
    ("gap", "steps", "words"), [(119, 1, ""), (121, 1, "Nothing was done for 120 minutes"), (100, 8, "12 hours")]
)
def test_a_session_ends_when_it_is_not_used_and_in_any_case_in_the_end(person: User, gap: int, steps: int, words: str) -> None:
    client, now = signed_in(person), clock.now()
    for step in range(1, steps):
        with clock.at(now + timedelta(minutes=gap * step)):
            if not is_in(client):
                break
    with clock.at(now + timedelta(minutes=gap * steps)):
        page = client.get("/notices/", follow=True).content.decode()
    assert (SESSION_KEY in client.session) is (words == "")
    assert words in page or SESSION_KEY not in client.session


def test_one_sees_where_one_is_signed_in_and_ends_it_at_once(person: User) -> None:
    here = signed_in(person, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    there = signed_in(person, "Mozilla/5.0 (iPhone; CPU) Version/18 Safari/605")
    page = here.get("/account/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "127.0.0.1" in page
    row = UserSession.objects.get(session_key=there.session.session_key)
    here.post("/account/sessions/end/", {"session": row.pk})
    assert not is_in(there)
    assert is_in(here)


def test_one_ends_all_others(person: User) -> None:
    here, *others = [signed_in(person) for _ in range(3)]
    here.post("/account/sessions/end/")
    assert is_in(here)
    assert not any(is_in(other) for other in others)


@pytest.mark.parametrize("number", ["theirs", "0", "x", "99999999999999999999"])
def test_nobody_ends_somebody_elses_session(person: User, approver: User, number: str) -> None:
    theirs = signed_in(person)
    client = Client()
    client.force_login(approver)
    row = UserSession.objects.get(user=person)
    answer = client.post("/account/sessions/end/", {"session": row.pk if number == "theirs" else number}, follow=True)
    assert "nothing to end" in answer.content.decode()
    assert is_in(theirs)
