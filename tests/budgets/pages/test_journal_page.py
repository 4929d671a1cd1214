"""The page of a journal: what it holds and what of it is left, what settles it, on what terms it passed, at which rate."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from budgets.services.accounts import ensure_account
from budgets.services.ledger import Posting, post, reverse
from budgets.services.rates import state_rate
from core.models import Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, allot, move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

THREAD = "request-line:7"


@pytest.fixture
def reader(client: Client, auditor: User) -> Client:
    client.force_login(auditor)
    return client


def shown(client: Client, journal_id: int) -> str:
    answer = client.get(f"/budgets/journals/{journal_id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def left(html: str) -> list[str]:
    return [part.split("</td>")[0] for part in html.split('data-label="Left">')[1:]]


def test_what_is_pending_is_said_with_what_settled_it(reader: Client, small_budget: SmallBudget) -> None:
    account = small_budget.account
    held = move(account, "reserved", "500.00", key="hold", thread=THREAD)
    html = shown(reader, held.id)
    assert "What it holds: pending" in html
    assert left(html) == ["500.00"]
    used = move(account, "reserved", "-200.00", kind="release", settles="hold", thread=THREAD)
    html = shown(reader, held.id)
    assert "What it holds: part" in html
    assert left(html) == ["300.00"]
    assert f'<a href="/budgets/journals/{used.id}/">Release {used.id}</a>' in html
    assert f"See reservation {held.id}" in shown(reader, used.id)
    back = reverse(journal_id=used.id, key="undo", actor=None)
    html = shown(reader, held.id)
    assert left(html) == ["500.00"]
    assert "reversed: what it took is held again" in html
    move(account, "reserved", "-500.00", kind="release", settles="hold", thread=THREAD)
    assert "What it held: voided" in shown(reader, held.id)
    assert "This journal reverses another." in shown(reader, back.id)


def test_a_journal_that_holds_nothing_for_later_says_nothing_of_it(reader: Client, small_budget: SmallBudget) -> None:
    html = shown(reader, move(small_budget.account, "spent", "5.00").id)
    assert "What it h" not in html
    assert "Settled by" not in html
    assert 'data-label="Rate"' not in html


def test_on_what_terms_it_passed_is_said_in_words(reader: Client, small_budget: SmallBudget) -> None:
    account = small_budget.account
    passed: list[tuple[dict[str, Any], str]] = [
        ({}, "checked against every control above it"),
        ({"is_fact": True}, "a fact: it had happened"),
        ({"is_override": True}, "an override: an approval let it pass"),
    ]
    for terms, words in passed:
        assert words in shown(reader, move(account, "spent", "1.00", **terms).id)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("transfer", "transfer"), ("carry", "carry-forward"), ("move", "move to another month"), ("opening", "opening balance")],
)
def test_the_new_kinds_have_words(reader: Client, small_budget: SmallBudget, kind: str, words: str) -> None:
    first, second = list(small_budget.accounts.values())[:2]
    bucket = "spent" if kind == "opening" else "allotted"
    postings = [Posting(first.pk, JANUARY, bucket, Decimal(10)), Posting(second.pk, JANUARY, bucket, Decimal(-10))]
    posted = post(key=kind, kind=kind, entity=small_budget.entity, postings=postings, actor=None, source=("test", "1"))
    html = shown(reader, posted.id)
    assert f"Journal {posted.id}, {words}</h1>" in html
    assert "It " in html.split('class="lead">')[1].split("</p>")[0]


def test_what_a_journal_holds_outside_one_s_reach_is_not_shown(client: Client, small_budget: SmallBudget, entity: Entity) -> None:
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=small_budget.cost_centres["PLATFORM"])
    mine, theirs = small_budget.accounts["PLATFORM", "people"], small_budget.accounts["PRODUCT", "people"]
    postings = [Posting(mine.pk, JANUARY, "reserved", Decimal(11)), Posting(theirs.pk, JANUARY, "reserved", Decimal(12))]
    posted = post(key="both", kind="reserve", entity=entity, postings=postings, actor=None, source=("test", "1"))
    settled = move(theirs, "reserved", "-12", kind="release", settles="both")
    client.force_login(lead)
    html = shown(client, posted.id)
    assert left(html) == ["11.00"]
    assert "12.00" not in html
    assert f"/budgets/journals/{settled.id}/" not in html
    assert client.get(f"/budgets/journals/{settled.id}/").status_code == 404


def test_an_entry_in_another_currency_says_its_rate_and_what_it_was_pooled_at(
    reader: Client, small_budget: SmallBudget, entity: Entity
) -> None:
    state_rate(entity=entity, currency="EUR", valid_on=JANUARY, rate=Decimal("1.0842"), source="Bank", actor=None)
    budget = BudgetFactory.create(entity=entity, code="ABROAD", currency="EUR", cost_centre=small_budget.parent)
    account = ensure_account(budget=budget, cost_centre=small_budget.parent, category=small_budget.categories["people"])
    html = shown(reader, allot(account, "100.00").id)
    assert 'data-label="Rate">1.0842<' in html
    assert 'data-label="In USD">+108.42<' in html
    entries = reader.get("/budgets/ABROAD/entries/").content.decode()
    assert "108.42" in entries
    assert "at 1.0842" in entries
    assert "In USD" not in reader.get("/budgets/SMALL/entries/").content.decode()


def test_the_page_asks_the_database_a_bounded_number_of_times(
    reader: Client, small_budget: SmallBudget, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    held = move(small_budget.account, "reserved", "500.00", key="hold", thread=THREAD)
    for _ in range(20):
        move(small_budget.account, "reserved", "-1.00", kind="release", settles="hold", thread=THREAD)
    shown(reader, held.id)
    with django_assert_max_num_queries(22):
        shown(reader, held.id)
