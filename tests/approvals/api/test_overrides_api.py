"""Overrides for programs: the limits first, asked for once, decided, and then the request passes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest

from approvals.models import Override, Request
from tests.factories.approvals import approve_all, draft, everything
from tests.factories.changes import available
from tests.factories.core import UserFactory
from tests.fixtures.api import Api
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
BODY = {"reason": "The plant stands still."}


@pytest.fixture
def short(kafka: House) -> Request:
    """Return a draft that asks for 100 more than is left."""
    return draft(kafka.engineer, kafka.account, available(kafka.account) + 100, kind="scope_change")


def test_from_the_refusal_to_the_request_that_passes(
    api: Callable[..., Api], kafka: House, short: Request, counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    program, address = api(kafka.engineer), f"requests/{short.number}/overrides"
    refused = program.post(f"requests/{short.number}/submit")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_funds")
    before = everything()
    shown = program.post(f"{address}?dry_run=true", BODY)
    assert shown.status_code == 201, shown.content
    assert everything() == before
    limit = shown.json()["limits"][0]
    assert Decimal(limit["left_before"]) - Decimal(limit["wanted"]) == Decimal(limit["left_after"]) == Decimal("-100.00")

    asked = program.post(address, BODY, idempotency_key="one")
    again = program.post(address, BODY, idempotency_key="one")
    assert asked.status_code == 201, asked.content
    assert again.json() == asked.json()
    override = Override.objects.get()
    assert (asked.json()["request"], asked.json()["covers"]) == (override.request.number, short.number)
    assert asked.json()["state"] == "submitted"
    assert asked.json()["limits"] == shown.json()["limits"]
    listed = program.get(address).json()["results"]
    assert [(row["request"], row["reason"], row["lets_pass"]) for row in listed] == [
        (override.request.number, BODY["reason"], False)
    ]

    approve_all(override.request)
    with counted("api GET requests/number/overrides"):
        passing = program.get(address).json()["results"]
    assert [row["lets_pass"] for row in passing] == [True]
    assert program.post(f"requests/{short.number}/submit").status_code == 200
    assert available(kafka.account) == -100


def test_what_fits_and_what_is_anothers_is_refused(api: Callable[..., Api], kafka: House, short: Request) -> None:
    fits = draft(kafka.engineer, kafka.account, "10", kind="scope_change")
    answer = api(kafka.engineer).post(f"requests/{fits.number}/overrides", BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "fits")
    assert answer["Content-Type"] == "application/problem+json"
    outsider = UserFactory.create()
    assert api(outsider).post(f"requests/{short.number}/overrides", BODY).status_code in {403, 404}
    sponsor = kafka.people["executive_sponsor"]
    assert api(sponsor).post(f"requests/{short.number}/overrides", BODY).status_code in {403, 404, 409}
    assert api(kafka.engineer).post(f"requests/{short.number}/overrides", {"reason": ""}).status_code == 400
    assert not Override.objects.exists()


def test_an_amount_that_changed_does_not_pass_any_more(api: Callable[..., Api], kafka: House, short: Request) -> None:
    program = api(kafka.engineer)
    program.post(f"requests/{short.number}/overrides", BODY)
    approve_all(Override.objects.get().request)
    line = short.lines.get()
    lines = [{"description": line.description, "account": line.account_id, "month": "2026-03", "net": str(line.net + 1)}]
    changed = program.patch(f"requests/{short.number}", {"lines": lines}, if_match="*")
    assert changed.status_code == 200, changed.content
    assert [row["lets_pass"] for row in program.get(f"requests/{short.number}/overrides").json()["results"]] == [False]
    assert program.post(f"requests/{short.number}/submit").json()["code"] == "no_funds"


def test_an_override_is_not_overridden_itself(api: Callable[..., Api], kafka: House, short: Request) -> None:
    program = api(kafka.engineer)
    program.post(f"requests/{short.number}/overrides", BODY)
    own = Override.objects.get().request
    answer = program.post(f"requests/{own.number}/overrides", BODY)
    assert answer.status_code == 409
    assert Override.objects.count() == 1
