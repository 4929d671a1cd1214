"""The door shuts after failures: the same for every address that is typed, for as long as it says, and nobody slips through."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client, override_settings

from core import clock
from core.models import AuditRecord, Entity, Notice, SignInTally, User
from core.services import lockout, outbox
from tests.factories.core import UserFactory

PASSWORD = "correct horse 9 battery"


@pytest.fixture
def person(requester: User) -> User:
    requester.set_password(PASSWORD)
    requester.save(update_fields=["password"])
    return requester


def attempt(email: str, password: str, *, client: Client | None = None, address: str = "192.0.2.1") -> str:
    """Try to sign in, and return what the page says is wrong; blank when it let in."""
    answer = (client or Client()).post("/sign-in/", {"login": email, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return ""
    assert answer.status_code == 422
    found = re.search(r'data-focus>\s*<p><span class="strong">(.*?)</span>', answer.content.decode(), re.DOTALL)
    assert found
    return found[1]


def test_the_sixth_attempt_is_not_even_looked_at_and_is_told_for_how_long(person: User) -> None:
    said = {attempt(person.email, "wrong") for _ in range(5)}
    assert len(said) == 1
    words = attempt(person.email, PASSWORD)
    assert "is shut for 15 minutes" in words
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert attempt(person.email, PASSWORD) == ""


def test_an_account_that_is_not_there_is_shut_with_the_same_words(person: User) -> None:
    told = {email: [attempt(email, "wrong") for _ in range(6)] for email in (person.email, "nobody@example.org")}
    assert told[person.email] == told["nobody@example.org"]
    assert not SignInTally.objects.filter(key__contains="nobody").exists()


def test_a_success_forgets_the_failures_of_the_account(person: User) -> None:
    for _ in range(3):
        for _ in range(4):
            attempt(person.email, "wrong")
        assert attempt(person.email, PASSWORD) == ""


@override_settings(LOCK_ADDRESS_AFTER=8)
def test_an_address_that_tries_many_accounts_is_shut_and_others_are_not(person: User) -> None:
    for number in range(8):
        attempt(f"person-{number}@example.org", "wrong")
    assert "is shut" in attempt(person.email, PASSWORD)
    assert attempt(person.email, PASSWORD, address="198.51.100.7") == ""


@pytest.mark.django_db(transaction=True)
def test_attempts_side_by_side_do_not_get_more_guesses(person: User) -> None:
    barrier = Barrier(12)

    def guess(number: int) -> bool:
        barrier.wait()
        try:
            return lockout.count_attempt(email=person.email, address="") is None
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        let_through = sum(pool.map(guess, range(12)))
    assert let_through == 5


def test_the_person_is_told_and_an_administrator_lifts_it(person: User, administrator: User) -> None:
    for _ in range(5):
        attempt(person.email, "wrong")
    outbox.drain()
    assert Notice.objects.filter(person=person, kind="sign_in_locked").count() == 1
    client = Client()
    client.force_login(administrator)
    assert "Lift the lock" in client.get("/people/").content.decode()
    assert client.post(f"/people/{person.pk}/lift-lock/").status_code == 302
    assert attempt(person.email, PASSWORD) == ""
    verbs = AuditRecord.objects.filter(subject_id=str(person.pk)).values_list("verb", "actor__email")
    assert ("sign_in.locked", None) in verbs
    assert ("sign_in.lock_lifted", administrator.email) in verbs


def test_only_their_administrator_lifts_a_lock(person: User, outsider: User, entity: Entity) -> None:
    for _ in range(5):
        attempt(person.email, "wrong")
    client = Client()
    for other in (outsider, UserFactory.create()):
        client.force_login(other)
        assert client.post(f"/people/{person.pk}/lift-lock/").status_code == 403
    assert "is shut" in attempt(person.email, PASSWORD)


def test_a_new_password_by_mail_opens_the_account(person: User, mailoutbox: list[object]) -> None:
    for _ in range(5):
        attempt(person.email, "wrong")
    client = Client()
    client.post("/account/password/forgotten/", {"email": person.email})
    link = re.search(r"http://testserver(\S+)", str(mailoutbox[0].body))  # type: ignore[attr-defined]
    assert link
    form = client.get(link[1], follow=True)
    new = "another quiet evening"
    done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert "Your new password is set" in done.content.decode()
    assert SESSION_KEY not in client.session
    assert attempt(person.email, new) == ""


def test_asking_for_a_new_password_says_the_same_for_everybody(person: User, mailoutbox: list[object]) -> None:
    told = [
        Client().post("/account/password/forgotten/", {"email": email}, follow=True) for email in (person.email, "no@example.org")
    ]
    bodies = [re.sub(r"csrf\S+ value=\S+|X-CSRFToken\S+ \S+|nonce=\S+", "", answer.content.decode()) for answer in told]
    assert bodies[0] == bodies[1]
    assert len(mailoutbox) == 1
