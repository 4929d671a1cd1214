"""Commitments: orders invoiced in part, closed, cancelled; requests that become orders. `ordered` means approved."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import FundsAccount, Journal
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.selectors.journal_states import State, journal_state
from budgets.services.accounts import ensure_account
from budgets.services.controls import rebuild, set_controls
from budgets.services.holds import release_remainder, settle
from budgets.services.ledger import PostedJournal, Posting, post, reverse
from core.errors import NoFunds
from core.models import Entity
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year

FIRST, SECOND = "order-line:1", "order-line:2"
REQUEST = "request-line:1"


@pytest.fixture
def account(entity: Entity) -> FundsAccount:
    """A line of a budget of its own, with nothing allotted yet."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    made = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget, categories=[made.category])
    return made


def hold(account: FundsAccount, bucket: str, key: str, **amounts: int) -> PostedJournal:
    """Reserve or commit an amount for each line of a document; lines are named by their threads."""
    threads = {"request": REQUEST, "first": FIRST, "second": SECOND}
    postings = [Posting(account.pk, JANUARY, bucket, Decimal(amount), threads[name]) for name, amount in amounts.items()]
    kind = {"reserved": "reserve", "committed": "commit"}[bucket]
    return post(key=key, kind=kind, entity=account.entity, postings=postings, actor=None, source=("test", key))


def invoice(key: str, pending_key: str = "order", **more: Any) -> PostedJournal:
    return settle(key=key, pending_key=pending_key, into="spent", actor=None, is_fact=True, **more)


def stand(account: FundsAccount) -> tuple[Decimal, ...]:
    """Return what is reserved, committed, spent and available."""
    found = account_figures([account.pk])[account.pk]
    return found.reserved, found.committed, found.spent, found.available


def state(key: str) -> State:
    return journal_state(Journal.objects.get(key=key)).state


def test_an_order_of_3_times_10_against_300_invoiced_by_one_and_that_invoice_cancelled(account: FundsAccount) -> None:
    allot(account, 300)
    hold(account, "committed", "order", first=3 * 10)
    assert stand(account) == (0, 30, 0, 270)
    invoiced = invoice("invoice", amounts={FIRST: Decimal(10)})
    assert stand(account) == (0, 20, 10, 270)
    reverse(journal_id=invoiced.id, key="cancelled", actor=None)
    assert stand(account) == (0, 30, 0, 270)
    assert state("order") == State.PENDING


def test_order_lines_of_2_times_15_and_4_times_10_invoiced_by_one_and_three_rebuilt_twice_and_closed(
    account: FundsAccount,
) -> None:
    allot(account, 300)
    hold(account, "committed", "order", first=2 * 15, second=4 * 10)
    assert stand(account) == (0, 70, 0, 230)
    invoice("invoice", amounts={FIRST: Decimal(1 * 15), SECOND: Decimal(3 * 10)})
    assert stand(account) == (0, 25, 45, 230)
    for _ in range(2):
        rebuild(entity_id=account.entity_id)
        assert stand(account) == (0, 25, 45, 230)
        assert check_ledger().is_whole
    release_remainder(key="closed", pending_key="order", actor=None)
    assert stand(account) == (0, 0, 45, 255)
    assert state("order") == State.POSTED


def test_a_request_of_30_turned_into_an_order_of_2_times_25_and_the_order_cancelled(account: FundsAccount) -> None:
    allot(account, 300)
    hold(account, "reserved", "request", request=30)
    ordered = settle(key="order", pending_key="request", into="committed", becomes={REQUEST: Decimal(2 * 25)}, actor=None)
    assert stand(account) == (0, 50, 0, 250)
    assert (state("request"), state("order")) == (State.POSTED, State.PENDING)
    reverse(journal_id=ordered.id, key="cancelled", actor=None)
    assert stand(account) == (30, 0, 0, 270)
    assert (state("request"), state("order")) == (State.PENDING, State.REVERSED)


def test_of_1000_a_request_of_300_ordered_by_200_and_invoiced_and_another_of_50(account: FundsAccount) -> None:
    allot(account, 1000)
    hold(account, "reserved", "request", request=300)
    assert stand(account) == (300, 0, 0, 700)
    settle(key="order", pending_key="request", into="committed", amounts={REQUEST: Decimal(200)}, actor=None)
    assert stand(account) == (100, 200, 0, 700)
    invoice("invoice")
    hold(account, "reserved", "another", second=50)
    assert stand(account) == (150, 0, 200, 650)
    assert (state("request"), state("order"), state("another")) == (State.PART, State.POSTED, State.PENDING)


def test_of_20_million_with_11_spent_an_order_of_5_is_allowed_and_4_are_left(account: FundsAccount) -> None:
    allot(account, 20_000_000)
    move(account, "spent", 11_000_000)
    hold(account, "committed", "order", first=5_000_000)
    assert stand(account) == (0, 5_000_000, 11_000_000, 4_000_000)
    with pytest.raises(NoFunds):
        hold(account, "committed", "more", second=4_000_001)


def test_all_cost_centres_of_a_document_are_checked_not_only_the_first(account: FundsAccount) -> None:
    centre = CostCentreFactory.create(entity=account.entity, parent=account.cost_centre)
    second = ensure_account(budget=account.budget, cost_centre=centre, category=account.category)
    allot(account, 100)
    allot(second, 10)
    postings = [
        Posting(account.pk, JANUARY, "reserved", Decimal(20)),
        Posting(second.pk, JANUARY, "reserved", Decimal("10.01")),
    ]
    before = Journal.objects.count()
    with pytest.raises(NoFunds) as refused:
        post(key="k", kind="reserve", entity=account.entity, postings=postings, actor=None, source=("t", "1"))
    assert (refused.value.details["left"], refused.value.details["wanted"]) == ("10.00", "10.01")
    assert (Journal.objects.count(), stand(account), stand(second)) == (before, (0, 0, 0, 100), (0, 0, 0, 10))


def test_an_invoice_above_its_order_is_spent_beyond_it(account: FundsAccount) -> None:
    """45 for a commitment of 30: nothing is committed any more, and 15 are taken from what was available."""
    allot(account, 300)
    hold(account, "committed", "order", first=30)
    invoice("invoice", becomes={FIRST: Decimal(45)}, month=date(2026, 2, 1))
    assert stand(account) == (0, 0, 45, 255)
