"""Signing in at the organization's own provider: whom it lets in, and whom not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from django.test import Client

from core.models import RoleAssignment, User
from core.services import people
from tests.core.pages.provider import Provider, running


@pytest.fixture
def provider(settings: Any, db: None) -> Iterator[Provider]:
    with running() as provider:
        app: dict[str, Any] = {"provider_id": "organization", "name": "Acme", "client_id": "purser", "secret": "s3cret"}
        app["settings"] = {"server_url": provider.issuer}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Acme"
        yield provider


@pytest.fixture
def person(db: None) -> User:
    return people.add_person(email="person@example.org", name="Person", password=None, actor=None)


def come_in(client: Client, provider: Provider, *, email: str = "person@example.org", verified: bool = True) -> Any:
    """Go to the provider and come back as whoever it says."""
    leaving = client.get("/account/oidc/organization/login/?process=login&next=/notices/")
    asked = parse_qs(urlsplit(leaving["Location"]).query)
    assert leaving["Location"].startswith(f"{provider.issuer}/authorize?")
    assert asked["code_challenge_method"] == ["S256"]
    provider.claims = {"sub": "1", "email": email, "email_verified": verified, "name": "Known there"}
    return client.get("/account/oidc/organization/login/callback/", {"code": "code", "state": asked["state"][0]})


def test_the_button_stands_on_the_sign_in_page_only_where_there_is_a_provider(provider: Provider, settings: Any) -> None:
    assert "Sign in with Acme" in Client().get("/sign-in/").content.decode()
    settings.OIDC_ISSUER = ""
    assert "Sign in with Acme" not in Client().get("/sign-in/").content.decode()


def test_who_is_here_comes_in_by_their_verified_address_and_goes_on(provider: Provider, person: User) -> None:
    client = Client()
    assert come_in(client, provider)["Location"] == "/notices/"
    assert client.session[SESSION_KEY] == str(person.pk)
    assert provider.exchanged[0]["code_verifier"]
    assert come_in(Client(), provider, email="renamed@example.org")["Location"] == "/notices/"
    assert SocialAccount.objects.get().user == person


def test_an_address_that_the_provider_has_not_verified_opens_nothing(provider: Provider, person: User) -> None:
    client = Client()
    answer = come_in(client, provider, verified=False)
    assert "There is no account for you here" in answer.content.decode()
    assert SESSION_KEY not in client.session
    assert not SocialAccount.objects.exists()


def test_a_stranger_is_told_and_not_made(provider: Provider) -> None:
    client, before = Client(), User.objects.count()
    answer = come_in(client, provider, email="stranger@example.org")
    assert "There is no account for you here" in answer.content.decode()
    assert SESSION_KEY not in client.session
    assert User.objects.count() == before


def test_where_the_settings_say_so_a_stranger_is_made_without_any_role(provider: Provider, settings: Any) -> None:
    settings.OIDC_CREATE = True
    client = Client()
    come_in(client, provider, email="stranger@example.org")
    person = User.objects.get(email="stranger@example.org")
    assert client.session[SESSION_KEY] == str(person.pk)
    assert (person.name, person.is_staff, person.has_usable_password()) == ("Known there", False, False)
    assert not RoleAssignment.objects.filter(user=person).exists()
    unverified = Client()
    provider.claims = {}
    come_in(unverified, provider, email="another@example.org", verified=False)
    assert not User.objects.filter(email="another@example.org").exists()


def test_who_left_does_not_come_in(provider: Provider, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    client = Client()
    assert come_in(client, provider)["Location"] == "/sign-in/"
    assert SESSION_KEY not in client.session


def test_an_answer_that_was_not_asked_for_is_refused(provider: Provider, person: User) -> None:
    client = Client()
    answer = client.get("/account/oidc/organization/login/callback/", {"code": "code", "state": "made-up"})
    assert "did not work" in answer.content.decode()
    assert SESSION_KEY not in client.session
