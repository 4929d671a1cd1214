"""Second factors: set up after saying who one is, asked for at each sign-in, and required where the organization says so."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import SESSION_KEY
from django.test import Client, override_settings

from core.models import AuditRecord, User

PASSWORD = "correct horse 9 battery"


@pytest.fixture
def person(controller: User) -> User:
    controller.set_password(PASSWORD)
    controller.save(update_fields=["password"])
    return controller


def code_of(secret: str, *, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def sign_in(person: User) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": person.email, "password": PASSWORD})
    return client


def set_up(client: Client) -> str:
    """Set an authenticator app up, and return its key."""
    wanted = "/account/second-factor/totp/activate/"
    page = client.get(wanted, follow=True)
    assert "Is it you?" in page.content.decode()
    page = client.post(f"{page.request['PATH_INFO']}?next={wanted}", {"password": PASSWORD}, follow=True)
    found = re.search(r"<code>(\w+)</code>", page.content.decode())
    assert found
    done = client.post("/account/second-factor/totp/activate/", {"code": code_of(found[1])}, follow=True)
    assert "Recovery codes" in done.content.decode()
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_after_the_password_is_said_again_and_then_asked_for(person: User) -> None:
    secret = set_up(sign_in(person))
    client = sign_in(person)
    assert SESSION_KEY not in client.session
    assert client.get("/notices/").status_code == 302
    wrong = client.post("/account/second-factor/authenticate/", {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()
    assert SESSION_KEY not in client.session
    client.post("/account/second-factor/authenticate/", {"code": code_of(secret, steps=1)})
    assert client.session[SESSION_KEY] == str(person.pk)
    assert AuditRecord.objects.filter(verb="second_factor.added", actor=person).count() == 2


def test_a_code_lets_in_once(person: User) -> None:
    secret = set_up(sign_in(person))
    code = code_of(secret, steps=1)
    for expected in (True, False):
        client = sign_in(person)
        client.post("/account/second-factor/authenticate/", {"code": code})
        assert (SESSION_KEY in client.session) is expected


def test_a_recovery_code_lets_in_once(person: User) -> None:
    first = sign_in(person)
    set_up(first)
    page = first.get("/account/second-factor/recovery-codes/").content.decode()
    code = re.findall(r"<code>(\d+)</code>", page)[0]
    for expected in (True, False):
        client = sign_in(person)
        client.post("/account/second-factor/authenticate/", {"code": code})
        assert (SESSION_KEY in client.session) is expected


def test_guessing_codes_shuts_the_account_for_passwords_too(person: User) -> None:
    secret = set_up(sign_in(person))
    client = sign_in(person)
    for _ in range(5):
        client.post("/account/second-factor/authenticate/", {"code": "000000"})
    shut = client.post("/account/second-factor/authenticate/", {"code": code_of(secret, steps=1)})
    assert "is shut for" in shut.content.decode()
    assert SESSION_KEY not in client.session
    again = Client().post("/sign-in/", {"login": person.email, "password": PASSWORD})
    assert "is shut for" in again.content.decode()


def test_a_password_in_the_admin_is_no_way_round(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    set_up(sign_in(person))
    client = Client()
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/sign-in/")
    client.post("/admin/login/", {"username": person.email, "password": PASSWORD})
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("path", ["totp/deactivate/", "recovery-codes/generate/", "webauthn/add/"])
def test_changes_ask_who_one_is_again(person: User, path: str) -> None:
    set_up(sign_in(person))
    Authenticator.objects.filter(user=person, type="recovery_codes").delete()
    client = Client()
    client.force_login(person)
    before = Authenticator.objects.count()
    assert "/account/again/" in client.post(f"/account/second-factor/{path}", {})["Location"]
    assert Authenticator.objects.count() == before


@override_settings(REQUIRE_MFA=frozenset({"finance", "administrator"}))
def test_who_must_have_one_is_led_to_it_before_anything_else_opens(person: User, requester: User, administrator: User) -> None:
    client = sign_in(person)
    for path in ("/notices/", "/requests/", "/people/", "/account/", "/admin/"):
        assert client.get(path)["Location"] == "/account/second-factor/", path
    refused = client.post("/notices/read/")
    assert refused.status_code == 403
    assert "needs a second factor" in refused.content.decode()
    api = client.get("/api/v1/anything/")
    assert (api.status_code, api["Content-Type"]) == (403, "application/problem+json")
    assert "Your role needs a second factor" in client.get("/notices/", follow=True).content.decode()
    set_up(client)
    assert client.get("/notices/").status_code == 200
    for other, expected in ((requester, 200), (administrator, 302)):
        client.force_login(other)
        assert client.get("/notices/").status_code == expected


@override_settings(REQUIRE_MFA=frozenset({"finance"}))
def test_removing_the_last_one_closes_everything_again(person: User) -> None:
    client = sign_in(person)
    set_up(client)
    client.post("/account/second-factor/totp/deactivate/", {})
    assert not Authenticator.objects.filter(user=person).exists()
    assert client.get("/notices/").status_code == 302


def test_the_pages_of_the_account_open(person: User, settings: Any) -> None:
    client = sign_in(person)
    for path in ("", "second-factor/", "second-factor/webauthn/", "email/", "password/"):
        assert client.get(f"/account/{path}").status_code == 200, path
