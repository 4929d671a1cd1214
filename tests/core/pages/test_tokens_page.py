"""API tokens on their page, and the page of what can be called."""

import re

import pytest
from django.test import Client

from core.models import ApiToken, AuditRecord, User
from core.rules.tokens import is_well_formed
from core.services.tokens import MOST_TOKENS, make_token

PASSWORD = "correct horse 9 battery"
PAGE = "/account/tokens/"
FORM = {"name": "Nightly export", "budgets": "read", "days": "90", "networks": "192.0.2.7, 2001:db8::/32"}


@pytest.fixture
def browser(client: Client, controller: User) -> Client:
    client.force_login(controller)
    return client


def secret_in(html: str) -> str:
    found = re.search(r"purser_\w{54}", html)
    assert found
    return found.group()


def test_a_token_is_shown_once_and_works(browser: Client, controller: User) -> None:
    answer = browser.post(PAGE, FORM)
    secret = secret_in(answer.content.decode())
    assert is_well_formed(secret)
    assert "no-store" in answer["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.owner, token.scopes, token.networks) == (controller, ["budgets:read"], ["192.0.2.7/32", "2001:db8::/32"])
    assert bytes(token.digest) not in secret.encode()
    assert AuditRecord.objects.get(verb="token.made").actor == controller
    again = browser.get(PAGE).content.decode()
    assert secret not in again
    assert f"purser_{token.prefix}…" in again
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/entities", headers=headers, REMOTE_ADDR="192.0.2.7").status_code == 403
    assert Client().get("/api/v1/budgets", headers=headers, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_whoever_finds_an_open_browser_makes_no_token(client: Client, controller: User) -> None:
    controller.set_password(PASSWORD)
    controller.save()
    client.force_login(controller)
    asked = client.post(PAGE, FORM)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/again/password/")
    assert not ApiToken.objects.exists()
    assert client.post(asked["Location"], {"password": "a guess"}).status_code == 200
    assert not ApiToken.objects.exists()
    # What was typed before goes on by itself, and what needs no more proof is not asked again.
    made = client.post(asked["Location"], {"password": PASSWORD})
    assert made.status_code == 200
    assert is_well_formed(secret_in(made.content.decode()))
    assert "no-store" in made["Cache-Control"]
    assert client.post(PAGE, FORM).status_code == 200
    assert ApiToken.objects.filter(owner=controller, name="Nightly export").count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "This field is required."),
        ({"budgets": ""}, "Choose what the token may do."),
        ({"networks": "here"}, "Write a network as"),
        ({"days": "4000"}, "not one of the available choices"),
    ],
)
def test_a_token_that_says_too_little_is_not_made(browser: Client, change: dict[str, str], words: str) -> None:
    answer = browser.post(PAGE, FORM | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_there_is_an_end_to_tokens(browser: Client, controller: User) -> None:
    for number in range(MOST_TOKENS):
        make_token(owner=controller, name=str(number), scopes=["core:read"])
    answer = browser.post(PAGE, FORM)
    assert answer.status_code == 422
    assert "Revoke one" in answer.content.decode()
    assert ApiToken.objects.count() == MOST_TOKENS


def test_a_token_is_revoked_by_its_owner_or_an_administrator(
    client: Client, controller: User, requester: User, administrator: User, outsider: User
) -> None:
    token, _ = make_token(owner=controller, name="Nightly", scopes=["core:read"])
    for person in (requester, outsider):
        client.force_login(person)
        assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
        assert "Nightly" not in client.get(PAGE).content.decode()
    client.force_login(administrator)
    assert "Nightly" in client.get(PAGE).content.decode()
    assert "is revoked" in client.post(f"{PAGE}{token.pk}/revoke/", follow=True).content.decode()
    token.refresh_from_db()
    assert token.revoked_by == administrator
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 409


def test_a_token_opens_no_page_and_makes_no_token(controller: User) -> None:
    _, secret = make_token(owner=controller, name="Nightly", scopes=["core:write"])
    headers = {"Authorization": f"Bearer {secret}"}
    for path in (PAGE, "/account/", "/budgets/"):
        answer = Client().get(path, headers=headers)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")
    Client().post(PAGE, FORM, headers=headers)
    assert ApiToken.objects.count() == 1


def test_what_can_be_called_is_a_page(browser: Client) -> None:
    html = browser.get("/api/").content.decode()
    assert "/api/v1/periods/{id}/close" in html
    assert "curl -X PUT" in html
    assert "If-Match" in html
    assert "style=" not in html
    described = browser.get("/api/v1/schema")
    assert described.json()["openapi"].startswith("3.1")
    assert Client().get("/api/").status_code == 302
    assert Client().get("/api/v1/schema").status_code == 401
