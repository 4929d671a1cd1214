"""Signing in, with a password, by hand."""

from typing import Any

import pytest

from core.models import User


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_signs_in(desk: Any, requester: User, size: str, scheme: str) -> None:
    requester.set_password("long enough for anyone")
    requester.save()
    seat = desk(size=size, scheme=scheme)
    page = seat.open("/notices/")
    seat.check(f"sign-in-{size}-{scheme}")
    page.get_by_role("textbox", name="E-mail").fill(requester.email)
    page.locator("input[type=password]").fill("not this")
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.get_by_role("textbox", name="E-mail").input_value() == requester.email
    seat.check(f"sign-in-refused-{size}-{scheme}")
    page.locator("input[type=password]").fill("long enough for anyone")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/notices/")
    seat.check(f"notices-{size}-{scheme}")
