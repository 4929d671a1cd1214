"""API tokens and the page of what can be called, in a real Chromium, on a wide screen by day and a narrow one by night."""

from typing import Any

import pytest

from core.models import ApiToken, User


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_token_is_made_and_revoked(desk: Any, administrator: User, size: str, scheme: str) -> None:
    window = desk(administrator, size=size, scheme=scheme)
    page = window.open("/account/tokens/")
    window.check(f"tokens-none-{size}")
    page.get_by_label("What it is for").fill("Nightly export")
    page.get_by_label("Budgets and the ledger").select_option("read")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("copy it now").wait_for()
    window.check(f"tokens-made-{size}")
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("is revoked").wait_for()
    window.check(f"tokens-revoked-{size}")
    assert ApiToken.objects.get().revoked_by == administrator
    page = window.open("/api/")
    page.locator("summary").first.click()
    page.locator("summary", has_text="PUT").first.click()
    window.check(f"api-{size}")
