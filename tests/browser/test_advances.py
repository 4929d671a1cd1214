"""Taking money of a later month in advance, in a browser."""

from typing import Any

import pytest

from approvals.models import Request
from core import clock
from tests.factories.approvals import MONDAY
from tests.fixtures.approvals import House


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_a_month_takes_money_of_a_later_one(
    desk: Any, kafka: House, monkeypatch: pytest.MonkeyPatch, size: str, scheme: str
) -> None:
    # The server has a thread, and so a clock, of its own.
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    account = kafka.budget.accounts["PRODUCT", "software"]
    seat = desk(kafka.engineer, size=size, scheme=scheme)
    page = seat.open(f"/requests/advance/?account={account.pk}&into=2026-03&later=2026-04&amount=400.50")
    page.get_by_text("Program director").first.wait_for()
    seat.check(f"advance-{size}-{scheme}")
    page.get_by_label("Why, in a sentence").fill("Licences are due.")
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_text("it is missing in April 2026").first.wait_for()
    seat.check(f"advance-asked-{size}-{scheme}")
    assert Request.objects.count() == 1
