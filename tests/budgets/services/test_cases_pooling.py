"""Pooling: money that several lines share is given once."""

from decimal import Decimal

import pytest

from budgets.models import FundsAccount, Journal
from budgets.selectors.balances import account_figures
from budgets.services.accounts import ensure_account
from budgets.services.controls import Node, Terms, set_control, set_controls
from budgets.services.ledger import Posting, post
from core.errors import NoFunds
from core.models import Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year


@pytest.fixture
def children(entity: Entity) -> list[FundsAccount]:
    """Lines A and B of one group that is allotted 100 under a stop; the lines themselves only track."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode="track")
    category = CategoryFactory.create(entity=entity)
    nodes = CostCentreFactory.create_batch(2, entity=entity, parent=budget.cost_centre)
    made = [ensure_account(budget=budget, cost_centre=node, category=category) for node in nodes]
    set_controls(budget=budget, categories=[category])
    allot(made[0], 100)
    return made


def held(accounts: list[FundsAccount]) -> list[Decimal]:
    figures = account_figures([account.pk for account in accounts])
    return [figures[account.pk].held for account in accounts]


def test_of_a_group_of_100_one_child_spends_60_and_the_other_may_not_have_50(children: list[FundsAccount]) -> None:
    a, b = children
    move(a, "spent", 60)
    before = Journal.objects.count()
    with pytest.raises(NoFunds) as refused:
        move(b, "reserved", 50)
    assert (refused.value.details["left"], refused.value.details["wanted"]) == ("40.00", "50.00")
    assert (Journal.objects.count(), held(children)) == (before, [60, 0])
    move(b, "reserved", 40)
    assert held(children) == [60, 40]


def test_both_lines_of_one_document_count_in_the_group_together(children: list[FundsAccount]) -> None:
    postings = [Posting(child.pk, JANUARY, "reserved", Decimal(60)) for child in children]
    with pytest.raises(NoFunds) as refused:
        post(key="both", kind="reserve", entity=children[0].entity, postings=postings, actor=None, source=("t", "1"))
    assert refused.value.details["wanted"] == "120.00"
    assert held(children) == [0, 0]


def test_a_group_with_a_limit_of_its_own_of_100_gives_that_100_once(children: list[FundsAccount], controller: User) -> None:
    """The same where the group's money is its own limit and the children are allotted nothing."""
    entity = children[0].entity
    root = CostCentreFactory.create(entity=entity)
    budget = BudgetFactory.create(entity=entity, cost_centre=root, line_mode="track", group_mode="track")
    category = CategoryFactory.create(entity=entity)
    nodes = CostCentreFactory.create_batch(2, entity=entity, parent=root)
    a, b = (ensure_account(budget=budget, cost_centre=node, category=category) for node in nodes)
    terms = Terms("stop", "year", own_limit=Decimal(100))
    set_control(entity=entity, node=Node(budget=budget, cost_centre=root), terms=terms, actor=controller)
    move(a, "spent", 60)
    with pytest.raises(NoFunds) as refused:
        move(b, "reserved", 50)
    assert refused.value.details["left"] == "40.00"
    assert held([a, b]) == [60, 0]


def test_under_a_root_of_200_a_child_of_500_is_refused_one_of_100_accepted_and_then_the_root_is_not_cut_to_10(
    entity: Entity, controller: User
) -> None:
    open_year(entity)
    root = CostCentreFactory.create(entity=entity)
    budget = BudgetFactory.create(entity=entity, cost_centre=root)
    child = CostCentreFactory.create(entity=entity, parent=root)
    account = ensure_account(budget=budget, cost_centre=child, category=CategoryFactory.create(entity=entity))

    def limit(amount: int) -> None:
        terms = Terms("stop", "year", own_limit=Decimal(amount))
        set_control(entity=entity, node=Node(budget=budget, cost_centre=root), terms=terms, actor=controller)

    limit(200)
    with pytest.raises(NoFunds):
        allot(account, 500)
    assert account_figures([account.pk])[account.pk].allotted == 0
    allot(account, 100)
    with pytest.raises(NoFunds):
        limit(10)
    with pytest.raises(NoFunds):
        allot(account, "100.01")
    allot(account, 100)
