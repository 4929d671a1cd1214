"""Opening, closing and reopening months."""

from datetime import date

import pytest
from django.test import Client

from budgets.models import Period
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import open_year
from tests.factories.core import EntityFactory, assign

MARCH = date(2026, 3, 1)


@pytest.fixture
def finance(client: Client, controller: User, entity: Entity) -> Client:
    open_year(entity)
    client.force_login(controller)
    return client


def state(entity: Entity) -> str:
    return Period.objects.get(entity=entity, month=MARCH).state


def test_a_month_is_closed_and_said_so(finance: Client, entity: Entity, controller: User) -> None:
    answer = finance.post("/budgets/periods/acme/close/", {"month": "2026-03"}, follow=True)
    assert "March 2026 is closed." in answer.content.decode()
    period = Period.objects.get(entity=entity, month=MARCH)
    assert (period.state, period.closed_by) == ("closed", controller)


def test_a_month_is_closed_once(finance: Client, entity: Entity) -> None:
    for _ in range(2):
        answer = finance.post("/budgets/periods/acme/close/", {"month": "2026-03"}, follow=True)
    assert "March 2026 is closed already." in answer.content.decode()


def test_reopening_asks_why(finance: Client, entity: Entity) -> None:
    finance.post("/budgets/periods/acme/close/", {"month": "2026-03"})
    answer = finance.post("/budgets/periods/acme/reopen/", {"month": "2026-03", "reason": " "}, follow=True)
    assert "Say why" in answer.content.decode()
    assert state(entity) == "closed"
    finance.post("/budgets/periods/acme/reopen/", {"month": "2026-03", "reason": "An invoice came late"})
    assert state(entity) == "open"
    record = AuditRecord.objects.get(verb="period.reopened")
    assert record.after == {"state": "open", "reason": "An invoice came late"}


def test_months_are_opened_by_span(finance: Client, entity: Entity) -> None:
    finance.post("/budgets/periods/acme/open/", {"first": "2026-12", "last": "2027-02"})
    assert Period.objects.filter(entity=entity).count() == 14


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2027-03", "2027-01", "before the first"),
        ("2027-01", "2099-01", "60 at most"),
        ("soon", "2027-01", "such as 2026-11"),
        ("", "", "This field is required."),
    ],
)
def test_a_wrong_span_says_what_to_do(finance: Client, entity: Entity, first: str, last: str, words: str) -> None:
    answer = finance.post("/budgets/periods/acme/open/", {"first": first, "last": last})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Period.objects.filter(entity=entity).count() == 12


def test_only_finance_of_the_entity_may(client: Client, entity: Entity, requester: User, auditor: User, outsider: User) -> None:
    open_year(entity)
    for user, status in ((requester, 403), (auditor, 403), (outsider, 404)):
        client.force_login(user)
        assert client.get("/budgets/periods/?entity=acme").status_code == status
        assert client.post("/budgets/periods/acme/close/", {"month": "2026-03"}).status_code == status
        assert client.post("/budgets/periods/acme/reopen/", {"month": "2026-03", "reason": "x"}).status_code == status
        assert client.post("/budgets/periods/acme/open/", {"first": "2027-01", "last": "2027-01"}).status_code == status
    assert state(entity) == "open"
    assert Period.objects.filter(entity=entity).count() == 12


def test_the_page_shows_every_month_by_fiscal_year(finance: Client) -> None:
    html = finance.get("/budgets/periods/").content.decode()
    assert "Fiscal year 2026" in html
    assert "Close Mar 2026" in html


def test_the_page_opens_on_the_entity_that_is_furthest_behind(finance: Client, controller: User) -> None:
    behind = EntityFactory.create(code="zenith", name="Zenith")
    assign(controller, "finance", behind, kind="finance")
    Period.objects.create(entity=behind, month=date(2025, 12, 1))
    assert "Months of Zenith" in finance.get("/budgets/periods/").content.decode()
    assert "Months of Zenith" not in finance.get("/budgets/periods/?entity=acme").content.decode()
