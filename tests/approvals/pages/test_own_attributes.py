"""Attributes of an organization's own on the form on which somebody asks for money."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from approvals.models import Request, RequestAttribute
from budgets.models import Attribute
from budgets.selectors.attributes import values_of
from budgets.services.attributes import AttributeData, define_attribute
from tests.approvals.pages.test_request_form import engineer, error_of, typed
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("region", "choice", {"choices": ("emea", "apac"), "is_required": True}),
    ("seats", "number", {}),
)


@pytest.fixture(autouse=True)
def asked(kafka: House) -> None:
    for code, type_, more in ASKED:
        data = AttributeData(code.capitalize(), type_, date(2026, 1, 1), kind="request", code=code, **more)
        define_attribute(entity=kafka.entity, data=data, actor=None)


def sent(house: House, **own: str) -> dict[str, Any]:
    return typed(house) | {f"own{house.entity.pk}-{code}": value for code, value in own.items()}


def has() -> dict[str, str]:
    kept = Request.objects.get()
    found = values_of(RequestAttribute, [kept.pk]).get(kept.pk, {})
    return {each.code: str(value) for each, value in found.items()}


def test_they_are_asked_and_kept_with_the_request(client: Client, kafka: House) -> None:
    html = engineer(client, kafka).get("/requests/new/").content.decode()
    assert "Also asked" in html
    assert f'name="own{kafka.entity.pk}-region"' in html

    assert client.post("/requests/new/", sent(kafka, region="emea", seats="12")).status_code == 302
    assert (Request.objects.get().state, has()) == ("submitted", {"region": "emea", "seats": "12.000000"})


def test_what_must_be_stated_is_asked_beside_its_field_and_nothing_is_lost(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/new/", sent(kafka, region="", seats="12"))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert error_of(html, f"own{kafka.entity.pk}-region").startswith("State Region")
    assert 'value="12"' in html
    assert (Request.objects.get().state, has()) == ("draft", {})


def test_what_cannot_be_so_is_said_beside_its_field(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/new/", sent(kafka, region="emea", seats="a dozen"))

    assert answer.status_code == 422
    assert error_of(answer.content.decode(), f"own{kafka.entity.pk}-seats")
    assert Request.objects.get().state == "draft"


def test_a_draft_may_lack_them_and_shows_what_it_has(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/new/", sent(kafka, region="", seats="12") | {"then": "draft"})
    assert (answer.status_code, has()) == (302, {"seats": "12.000000"})

    kept = Request.objects.get()
    html = client.get(f"/requests/{kept.number}/edit/").content.decode()
    assert 'value="12"' in html


def test_what_is_typed_is_kept_with_the_draft(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/autosave/", sent(kafka, region="apac", seats=""))
    assert (answer.status_code, has()) == (200, {"region": "apac"})


def test_where_nothing_is_asked_nothing_is_shown(client: Client, kafka: House) -> None:
    Attribute.objects.update(retired_on=date(2026, 2, 1))
    assert "Also asked" not in engineer(client, kafka).get("/requests/new/").content.decode()
