"""Passkeys in a real browser, with an authenticator that Chromium plays itself."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from core.models import User
from core.services import people

PASSWORD = "correct horse 9 battery"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def person(entity: Any) -> User:
    return people.add_person(email="person@example.org", name="Person", password=PASSWORD, actor=None)


def at_localhost(desk: Any, **more: Any) -> Any:
    """Open a window at a name: no passkey belongs to a bare address."""
    seat = desk(**more)
    seat.base = seat.base.replace("127.0.0.1", "localhost")
    session = seat.context.new_cdp_session(seat.page)
    session.send("WebAuthn.enable")
    number = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    seat.device = lambda able: session.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": able})
    return seat


def sign_in(seat: Any) -> None:
    seat.open("/sign-in/?next=/account/")
    seat.page.get_by_role("textbox", name="E-mail").fill("person@example.org")
    seat.page.get_by_label("Password", exact=True).fill(PASSWORD)
    seat.page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(seat: Any) -> None:
    seat.page.get_by_label("Password").fill(PASSWORD)
    seat.page.get_by_role("button", name="Go on").click()


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_passkey_is_added_signs_in_alone_and_is_asked_for(desk: Any, person: User, size: str, scheme: str) -> None:
    seat = at_localhost(desk, size=size, scheme=scheme)
    page, look = seat.page, f"{size}-{scheme}"
    sign_in(seat)
    page.wait_for_url("**/account/")
    seat.check(f"account-{look}")
    seat.open("/account/second-factor/")
    seat.check(f"factors-{look}")
    page.get_by_role("link", name="Add one").click()
    seat.check(f"is-it-you-{look}")
    confirm(seat)
    page.get_by_label("Name").wait_for()
    seat.check(f"passkey-add-{look}")
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")
    seat.check(f"recovery-codes-{look}")
    assert Authenticator.objects.get(type="webauthn").wrap().is_passwordless
    seat.open("/account/second-factor/webauthn/")
    seat.check(f"passkeys-{look}")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Sign out").wait_for()

    page.get_by_role("button", name="Sign out").click()
    sign_in(seat)
    page.wait_for_url("**/second-factor/authenticate/")
    seat.check(f"second-factor-{look}")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/")
    assert seat.complaints == []


def test_a_device_that_does_not_know_its_owner_lets_nobody_in(desk: Any, person: User) -> None:
    seat = at_localhost(desk)
    page = seat.page
    seat.open("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not used.").wait_for()
    assert page.url.endswith("/sign-in/")


def test_an_authenticator_app_is_set_up_and_asked_for(desk: Any, person: User) -> None:
    seat = at_localhost(desk, size="narrow")
    page = seat.page
    sign_in(seat)
    page.wait_for_url("**/account/")
    seat.open("/account/second-factor/totp/activate/")
    confirm(seat)
    page.get_by_role("heading", name="Set up an authenticator app").wait_for()
    seat.check("app-narrow")
    secret = re.search(r"\w{32}", page.locator("code").inner_text())
    assert secret
    page.get_by_label("Authenticator code").fill(str(format_hotp_value(hotp_value(secret[0], int(time.time()) // 30))))
    page.get_by_role("button", name="Use this app").click()
    page.wait_for_url("**/recovery-codes/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(seat)
    page.wait_for_url("**/second-factor/authenticate/")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("This code is not right").wait_for()
    seat.check("second-factor-refused-narrow")
