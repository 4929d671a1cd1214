"""Signing in and out, and the role switcher that exists in a demo only."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from core.models import User
from tests.factories.core import EntityFactory, UserFactory, assign

PASSWORD = "correct horse 9 battery"


@pytest.fixture
def person(db: None) -> User:
    user = UserFactory.create(email="finance@example.org", name="Finance lead")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def test_a_page_asks_a_stranger_to_sign_in_and_remembers_where_they_went(client: Client, db: None) -> None:
    answer = client.get("/notices/")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=/notices/"


def test_signing_in_ignores_the_case_of_the_address_and_goes_on(client: Client, person: User) -> None:
    answer = client.post("/sign-in/", {"login": "Finance@Example.org", "password": PASSWORD, "next": "/notices/"})
    assert answer.status_code == 302
    assert answer["Location"] == "/notices/"
    assert client.session[SESSION_KEY] == str(person.pk)


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(client: Client, person: User, target: str) -> None:
    answer = client.post("/sign-in/", {"login": person.email, "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(("email", "password"), [("finance@example.org", "wrong"), ("nobody@example.org", PASSWORD)])
def test_a_failure_says_the_same_for_every_cause_and_keeps_the_address(
    client: Client, person: User, email: str, password: str
) -> None:
    answer = client.post("/sign-in/", {"login": email, "password": password})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "No active account has this e-mail address and password." in text
    assert email in text
    assert password not in text
    assert SESSION_KEY not in client.session


def test_a_person_who_left_cannot_sign_in(client: Client, person: User) -> None:
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert client.post("/sign-in/", {"login": person.email, "password": PASSWORD}).status_code == 422


def test_signing_out_is_a_post(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert SESSION_KEY not in client.session


def test_outside_a_demo_there_is_no_switcher(client: Client, person: User) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("core:switch")
    assert "Take this role" not in client.get("/sign-in/").content.decode()
    client.force_login(person)
    assert client.get("/switch/").status_code == 404
    assert client.post("/switch/", {"person": person.pk}).status_code == 404


@pytest.mark.urls("tests.core.pages.demo_urls")
def test_the_switchers_view_itself_refuses_outside_a_demo(client: Client, person: User) -> None:
    assign(person, "finance", EntityFactory.create(), kind="finance")
    assert client.post("/switch/", {"person": person.pk}).status_code == 404
    assert SESSION_KEY not in client.session


@pytest.mark.urls("tests.core.pages.demo_urls")
@override_settings(DEMO=True)
def test_in_a_demo_one_click_takes_a_role(client: Client, person: User) -> None:
    assign(person, "finance", EntityFactory.create(name="Acme"), kind="finance")
    text = client.get("/sign-in/").content.decode()
    assert "Loads budgets and files" in text
    assert "Acme" in text
    assert client.get("/switch/").status_code == 200
    assert client.post("/switch/", {"person": person.pk, "next": "/notices/"})["Location"] == "/notices/"
    assert client.session[SESSION_KEY] == str(person.pk)


@pytest.mark.urls("tests.core.pages.demo_urls")
@override_settings(DEMO=True)
@pytest.mark.parametrize("key", ["", "0", "abc"])
def test_the_switcher_takes_only_those_it_offers(client: Client, person: User, key: str) -> None:
    nameless = UserFactory.create()
    for wanted in (key, str(nameless.pk)):
        assert client.post("/switch/", {"person": wanted}).status_code == 404
        assert SESSION_KEY not in client.session


@pytest.mark.urls("tests.core.pages.demo_urls")
@override_settings(DEMO=True)
def test_the_switcher_asks_for_a_token(person: User) -> None:
    answer = Client(enforce_csrf_checks=True).post("/switch/", {"person": person.pk})
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
