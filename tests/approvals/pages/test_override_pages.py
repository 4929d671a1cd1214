"""The ways out of a refusal as links, and asking for an override on its page."""

from decimal import Decimal

import pytest
from django.test import Client

from approvals.models import Request
from tests.factories.approvals import approve_all, draft, everything, stages_of
from tests.factories.changes import available
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def short(kafka: House) -> Request:
    return draft(kafka.engineer, kafka.account, available(kafka.account) + 100, kind="scope_change")


def test_a_refusal_leads_to_each_way_out(client: Client, kafka: House, short: Request) -> None:
    client.force_login(kafka.engineer)

    answer = client.post(f"/requests/{short.number}/submit/")

    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"/requests/move/?to={kafka.account.pk}&amp;amount-2026-03=100.00" in page
    assert "/requests/amend/SMALL/" in page
    assert f"/budgets/SMALL/entries/?account={kafka.account.pk}&amp;bucket=spent" in page
    assert f"/requests/{short.number}/override/" in page


def test_the_override_shows_what_refuses_it_and_is_asked_for(client: Client, kafka: House, short: Request) -> None:
    client.force_login(kafka.engineer)
    address = f"/requests/{short.number}/override/"
    before = everything()
    page = client.get(address).content.decode()
    assert "Held by all" in page
    assert everything() == before
    assert client.post(address, {"reason": ""}).status_code == 422

    answer = client.post(address, {"reason": "The plant stands still."})

    request = Request.objects.get(subject_kind="override")
    assert answer["Location"] == f"/requests/{request.number}/"
    shown = client.get(answer["Location"]).content.decode()
    assert "Lets pass" in shown
    assert "What it goes beyond" in shown
    stage = stages_of(request)[0]
    client.force_login(stage.owner)
    panel = client.get(f"/queue/{stage.pk}/").content.decode()
    assert "What it goes beyond" in panel
    assert short.number in panel
    approve_all(request)
    client.force_login(kafka.engineer)
    client.post(f"/requests/{short.number}/submit/")
    short.refresh_from_db()
    assert short.state == "submitted"
    assert available(kafka.account) == Decimal(-100)


def test_what_fits_is_told_so(client: Client, kafka: House) -> None:
    fits = draft(kafka.engineer, kafka.account, "10", kind="scope_change")
    client.force_login(kafka.engineer)

    answer = client.post(f"/requests/{fits.number}/override/", {"reason": "So."})

    assert answer.status_code == 409
    assert "Submit it" in answer.content.decode()
