"""Months through the API: the worked example of docs/api.md."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from budgets.models import Period
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import open_year

MARCH = date(2026, 3, 1)


@pytest.fixture
def finance(api: Callable[..., Any], controller: User, entity: Entity) -> Any:
    open_year(entity)
    return api(controller)


def march(entity: Entity) -> Period:
    return Period.objects.get(entity=entity, month=MARCH)


def test_months_are_listed_page_by_page(finance: Any) -> None:
    first = finance.get("periods?page_size=5").json()
    assert [row["month"] for row in first["results"]] == [f"2026-0{number}" for number in range(1, 6)]
    assert first["previous"] is None
    second = finance.get(first["next"].removeprefix("http://testserver")).json()
    assert second["results"][0]["month"] == "2026-06"
    back = finance.get(second["previous"].removeprefix("http://testserver")).json()
    assert back["results"] == first["results"]


def test_a_month_is_closed_once_and_reopened_with_a_reason(finance: Any, entity: Entity, controller: User) -> None:
    address = f"periods/{march(entity).pk}"
    answer = finance.post(f"{address}/close")
    assert answer.status_code == 200
    assert answer.json()["state"] == "closed"
    assert answer["ETag"] == finance.get(address)["ETag"]
    again = finance.post(f"{address}/close")
    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert again.json()["code"] == "wrong_state"
    assert finance.post(f"{address}/reopen", {"reason": ""}).json()["errors"][0]["field"] == "reason"
    assert finance.post(f"{address}/reopen", {"reason": "A late invoice"}).json()["state"] == "open"
    assert AuditRecord.objects.get(verb="period.reopened").actor == controller


def test_months_are_opened_by_span(finance: Any, entity: Entity) -> None:
    answer = finance.post("periods", {"entity": "acme", "first": "2026-12", "last": "2027-02"})
    assert answer.status_code == 201
    assert [row["month"] for row in answer.json()["opened"]] == ["2027-01", "2027-02"]
    wrong = finance.post("periods", {"entity": "acme", "first": "2027-03", "last": "2027-01"})
    assert wrong.status_code == 400
    assert Period.objects.filter(entity=entity).count() == 14


def test_only_finance_of_the_entity_may(
    api: Callable[..., Any], finance: Any, entity: Entity, requester: User, outsider: User
) -> None:
    address = f"periods/{march(entity).pk}"
    for person, status in ((requester, 403), (outsider, 404)):
        program = api(person)
        assert program.get(address).status_code == status
        assert program.post(f"{address}/close").status_code == status
    assert march(entity).state == "open"
