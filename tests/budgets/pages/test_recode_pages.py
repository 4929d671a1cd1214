"""Re-coding spend on its page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from budgets.models import Entry, Journal
from budgets.selectors.balances import account_figures
from core.models import User
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

MARCH = date(2026, 3, 1)


@pytest.fixture
def entry(small_budget: SmallBudget) -> Entry:
    posted = move(small_budget.account, "spent", "75", month=MARCH, thread="line:7", is_fact=True)
    return Entry.objects.get(journal_id=posted.id)


def _typed(line: Any, then: str) -> dict[str, Any]:
    return {"line": line.pk, "reason": "It is training.", "then": then, "form_key": "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a04"}


def test_it_is_shown_on_both_sides_and_then_re_coded_once(
    client: Client, small_budget: SmallBudget, controller: User, entry: Entry
) -> None:
    other = small_budget.accounts["PLATFORM", "training"]
    client.force_login(controller)
    address = f"/budgets/SMALL/entries/{entry.pk}/recode/"
    assert address in client.get("/budgets/SMALL/entries/?bucket=spent").content.decode()
    assert client.get(address).status_code == 200

    looked = client.post(address, _typed(other, "look")).content.decode()
    assert "11,925.00" in looked
    assert Journal.objects.filter(kind="recode").count() == 0
    done = client.post(address, _typed(other, "do"))
    again = client.post(address, _typed(other, "do"))

    journal = Journal.objects.get(kind="recode")
    assert done["Location"] == again["Location"] == f"/budgets/journals/{journal.pk}/"
    figures = account_figures([small_budget.account.pk, other.pk])
    assert (figures[small_budget.account.pk].spent, figures[other.pk].spent) == (Decimal(0), Decimal(75))


def test_it_is_re_coded_back_from_the_line_that_got_it(
    client: Client, small_budget: SmallBudget, controller: User, entry: Entry
) -> None:
    other = small_budget.accounts["PLATFORM", "training"]
    client.force_login(controller)
    client.post(f"/budgets/SMALL/entries/{entry.pk}/recode/", _typed(other, "do"))
    there = Entry.objects.get(journal__kind="recode", account=other)
    back = client.post(f"/budgets/SMALL/entries/{there.pk}/recode/", _typed(small_budget.account, "do") | {"form_key": ""})
    assert back.status_code == 302
    figures = account_figures([small_budget.account.pk, other.pk])
    assert (figures[small_budget.account.pk].spent, figures[other.pk].spent) == (Decimal(75), Decimal(0))


def test_what_is_gone_is_refused_and_nothing_is_lost(
    client: Client, small_budget: SmallBudget, controller: User, entry: Entry
) -> None:
    other, third = small_budget.accounts["PLATFORM", "training"], small_budget.accounts["PLATFORM", "people"]
    client.force_login(controller)
    address = f"/budgets/SMALL/entries/{entry.pk}/recode/"
    client.post(address, _typed(other, "do"))

    answer = client.post(address, _typed(third, "do") | {"form_key": ""})

    assert answer.status_code == 409
    assert "It is training." in answer.content.decode()
    assert client.post(address, {"then": "do"}).status_code == 422
    assert Journal.objects.filter(kind="recode").count() == 1


def test_it_is_for_who_keeps_both_lines(client: Client, small_budget: SmallBudget, requester: User, entry: Entry) -> None:
    address = f"/budgets/SMALL/entries/{entry.pk}/recode/"
    client.force_login(requester)
    assert client.get(address).status_code == 403
    keeper: User = UserFactory.create(name="Keeper")
    assign(keeper, "keeper", small_budget.entity, kind="finance", cost_centre=small_budget.cost_centres["PRODUCT"])
    client.force_login(keeper)
    assert client.get(address).status_code == 404
    near: User = UserFactory.create(name="Platform keeper")
    assign(near, "keeper", small_budget.entity, kind="finance", cost_centre=small_budget.cost_centres["PLATFORM"])
    client.force_login(near)
    assert client.post(address, _typed(small_budget.accounts["PRODUCT", "training"], "do")).status_code == 422
    assert Journal.objects.filter(kind="recode").count() == 0
