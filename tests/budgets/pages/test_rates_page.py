"""Exchange rates: who reads and who states them, what is said where one is missing, and that nothing typed is lost."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from budgets.models import ExchangeRate
from budgets.services.rates import state_rate
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import BudgetFactory
from tests.factories.core import UserFactory
from tests.fixtures.budgets import SmallBudget

PAGE, STATE = "/budgets/rates/?entity=acme", "/budgets/rates/acme/state/"
TYPED = {"currency": "eur", "rate": "1.0842", "valid_on": "2026-01-01", "source": "Central bank"}


@pytest.fixture
def finance(client: Client, controller: User, entity: Entity) -> Client:
    client.force_login(controller)
    return client


def test_a_rate_is_stated_and_shown(finance: Client, controller: User) -> None:
    assert "No rate is stated. One is needed before money is posted" in finance.get(PAGE).content.decode()
    answer = finance.post(STATE, TYPED, follow=True)
    html = answer.content.decode()
    assert "From 1 Jan 2026 one EUR is 1.0842 USD." in html
    assert "Acme keeps its books in USD." in html
    stated = ExchangeRate.objects.get()
    assert (stated.currency, stated.rate, stated.stated_by) == ("EUR", Decimal("1.0842"), controller)


def test_the_newest_stands_first_and_what_holds_today_is_marked(finance: Client, entity: Entity) -> None:
    for day, rate in ((date(2020, 1, 1), "1.1"), (date(2020, 1, 1), "1.2"), (date(2900, 1, 1), "1.3")):
        state_rate(entity=entity, currency="EUR", valid_on=day, rate=Decimal(rate), source="Bank", actor=None)
    state_rate(entity=entity, currency="JPY", valid_on=date(2020, 1, 1), rate=Decimal("0.0067125"), source="Bank", actor=None)
    html = finance.get(PAGE).content.decode()
    places = [html.index(f">{rate}</td>") for rate in ("1.3000", "1.2000", "1.1000", "0.0067125")]
    assert places == sorted(places)
    assert html.count("holds today") == 2
    assert html.index("holds today") > places[0]
    one = finance.get(f"{PAGE}&currency=JPY").content.decode()
    assert "1.2000" not in one
    assert "0.0067125" in one
    assert "1.2000" in finance.get(f"{PAGE}&currency=%27").content.decode()


def test_a_currency_without_a_rate_is_pointed_out(finance: Client, small_budget: SmallBudget, entity: Entity) -> None:
    BudgetFactory.create(entity=entity, name="Overseas", currency="EUR", cost_centre=small_budget.parent)
    html = finance.get(PAGE).content.decode()
    assert "No rate for EUR is valid today." in html
    assert "Nothing can be posted in Overseas before one is stated." in html
    finance.post(STATE, TYPED | {"valid_on": "2900-01-01"})
    assert "No rate for EUR is valid today." in finance.get(PAGE).content.decode()
    finance.post(STATE, TYPED | {"valid_on": "2020-01-01"})
    assert "No rate for EUR" not in finance.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": "USD"}, "Acme keeps its books in USD"),
        ({"currency": "QQQ"}, "is not a currency"),
        ({"rate": "0"}, "above zero"),
        ({"rate": "-1"}, "above zero"),
        ({"rate": "NaN"}, "such as 1.0842"),
        ({"rate": "1,0842"}, "such as 1.0842"),
        ({"rate": "1.00000000001"}, "no more than 10 decimal places"),
        ({"valid_on": "tomorrow"}, "Enter a date such as 2026-11-20."),
        ({"source": " "}, "This field is required."),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(finance: Client, change: dict[str, str], words: str) -> None:
    answer = finance.post(STATE, TYPED | change)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    for name, value in (TYPED | change).items():
        assert not value.strip() or f'value="{value}"' in html, name
    assert not ExchangeRate.objects.exists()
    assert not AuditRecord.objects.filter(verb="exchange_rate.stated").exists()


def test_only_finance_of_the_organization_states(
    client: Client, entity: Entity, requester: User, auditor: User, executive: User, outsider: User
) -> None:
    for user, reads, states in ((requester, 200, 403), (auditor, 200, 403), (executive, 200, 403), (outsider, 404, 404)):
        client.force_login(user)
        answer = client.get(PAGE)
        assert answer.status_code == reads
        assert "State this rate" not in answer.content.decode()
        assert client.post(STATE, TYPED).status_code == states
    client.force_login(UserFactory.create())
    assert client.get(PAGE).status_code == 403
    assert not ExchangeRate.objects.exists()


def test_two_people_state_a_rate_and_the_latest_word_holds(finance: Client, entity: Entity) -> None:
    for rate in ("1.1", "1.2"):
        finance.post(STATE, TYPED | {"rate": rate})
    html = finance.get(PAGE).content.decode()
    assert ExchangeRate.objects.count() == 2
    assert html.count("holds today") == 1
    assert html.index("holds today") < html.index("1.2000") < html.index("1.1000")


def test_the_page_asks_the_database_a_bounded_number_of_times(
    finance: Client, entity: Entity, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(1, 29):
        state_rate(entity=entity, currency="EUR", valid_on=date(2026, 1, day), rate=Decimal(1), source="Bank", actor=None)
    finance.get(PAGE)
    with django_assert_max_num_queries(14):
        finance.get(PAGE)
