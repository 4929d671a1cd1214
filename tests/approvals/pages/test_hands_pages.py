"""Handing over and asking for one more decision, on their pages and through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from approvals.models import Stage
from core.models import User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import delegated
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def stage(kafka: House) -> Stage:
    return stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))[0]


@pytest.fixture
def colleague(stage: Stage, kafka: House) -> User:
    person = UserFactory.create(name="Colleague", email="colleague@house.example.org")
    assign(person, stage.role_code, kafka.entity)
    return person


def test_it_is_handed_over_on_a_page(client: Client, stage: Stage, colleague: User, kafka: House) -> None:
    client.force_login(stage.owner)
    address = f"/queue/{stage.pk}/hand-over/"
    assert address in client.get(f"/queue/{stage.pk}/").content.decode()
    html = client.get(address).content.decode()
    assert "Colleague" in html
    assert ">Engineer<" not in html
    blank = client.post(address, {"person": colleague.pk, "reason": ""})
    assert (blank.status_code, "Say why in a sentence" in blank.content.decode()) == (422, True)
    assert client.post(address, {"person": kafka.engineer.pk, "reason": "Away."}).status_code == 422
    reply = client.post(address, {"person": colleague.pk, "reason": "Away."}, follow=True)
    assert "is with Colleague now" in reply.content.decode()
    assert client.get(address).status_code == 403
    client.force_login(colleague)
    html = client.get(f"/queue/{stage.pk}/").content.decode()
    assert f"Handed over by {stage.owner} to Colleague" in html


def test_a_delegate_hands_over_on_the_page_that_offers_it(client: Client, stage: Stage, colleague: User, kafka: House) -> None:
    deputy, owner = kafka.people["program_director"], stage.owner
    delegated(owner, deputy, kafka.entity)
    client.force_login(deputy)
    address = f"/queue/{stage.pk}/hand-over/"
    assert address in client.get(f"/queue/{stage.pk}/").content.decode()
    assert f"You do so for {owner}" in client.get(address).content.decode()
    reply = client.post(address, {"person": colleague.pk, "reason": "Knows it."}, follow=True)
    assert "is with Colleague now" in reply.content.decode()
    client.force_login(colleague)
    assert f"Handed over by {deputy} for {owner} to Colleague" in client.get(f"/queue/{stage.pk}/").content.decode()


def test_one_more_is_asked_on_a_page(client: Client, stage: Stage, colleague: User) -> None:
    client.force_login(stage.owner)
    reply = client.post(f"/queue/{stage.pk}/one-more/", {"person": colleague.pk, "reason": "Knows it."}, follow=True)
    html = reply.content.decode()
    assert "Colleague is asked to decide" in html
    assert "0 of 2 have decided" in html


def test_both_are_done_through_the_api(api: Callable[..., Any], stage: Stage, colleague: User) -> None:
    program = api(stage.owner)
    before = everything()
    for way in ("hand-over", "add-approver"):
        tried = program.post(f"queue/{stage.pk}/{way}?dry_run=true", {"person": colleague.email, "reason": "Away."})
        assert (tried.status_code, tried.json()["person"]) == (200, "Colleague")
        wrong = program.post(f"queue/{stage.pk}/{way}", {"person": "nobody@example.org", "reason": "Away."})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "person")
    assert everything() == before
    assert program.post(f"queue/{stage.pk}/add-approver", {"person": colleague.email, "reason": "Away."}).json()["needed"] == 2
    assert api(colleague).post(f"queue/{stage.pk}/approve", {"digest": stage.request.digest}).status_code == 200
