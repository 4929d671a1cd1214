"""A form that keeps itself while its button is pressed makes one request, not two."""

from typing import Any
from uuid import uuid4

import pytest

from approvals.data import LineData, RequestData
from approvals.models import Request
from approvals.services import requests
from approvals.services.requests import save_draft
from tests.factories.approvals import MARCH
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def saving(kafka: House, form_key: Any) -> Any:
    line = LineData(description="Brokers", account_id=kafka.account.pk, month=MARCH, net="100.00")
    data = RequestData(kind="team_expense", title="Brokers", reason="They are needed.", lines=[line])
    return lambda: save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, form_key=form_key)


def test_one_form_makes_one_request(kafka: House) -> None:
    key = uuid4()
    made = at_once(*[saving(kafka, key) for _ in range(4)])
    assert {type(each) for each in made} == {Request}
    assert Request.objects.count() == 1


def test_without_its_lock_the_form_collides(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uuid4()
    monkeypatch.setattr(requests, "lock_form", lambda form_key: None)
    made = at_once(*[saving(kafka, key) for _ in range(4)])
    assert sum(isinstance(each, Request) for each in made) == 1
    assert sum(not isinstance(each, Request) for each in made) == 3


def test_two_forms_make_two_requests(kafka: House) -> None:
    at_once(saving(kafka, uuid4()), saving(kafka, uuid4()))
    assert Request.objects.count() == 2
