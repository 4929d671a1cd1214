"""Control: what other systems' tests and bug reports say of available money, tolerance, transfers and edits at once."""

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Budget, BudgetVersion, FundsAccount, Journal
from budgets.selectors.balances import account_figures
from budgets.services.accounts import ensure_account
from budgets.services.budgets import load_document
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post, reverse
from budgets.services.transfers import transfer
from budgets.services.versions import put_in_force
from core.errors import InvalidInput, Missing, NoFunds, Stale
from core.models import AuditRecord, Entity, OutboxEvent
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year

DECEMBER = date(2026, 12, 1)


def line(entity: Entity, allotted: Any = 0, **budget: Any) -> FundsAccount:
    """Make a line of a budget of its own, allotted an amount in January."""
    open_year(entity)
    made = BudgetFactory.create(entity=entity, **budget)
    return line_of(made, allotted)


def line_of(budget: Budget, allotted: Any = 0) -> FundsAccount:
    centre = CostCentreFactory.create(entity=budget.entity, parent=budget.cost_centre)
    account = ensure_account(budget=budget, cost_centre=centre, category=CategoryFactory.create(entity=budget.entity))
    set_controls(budget=budget)
    if allotted:
        allot(account, allotted)
    return account


def give(giver: FundsAccount, taker: FundsAccount, amount: Any, **more: Any) -> Any:
    said: dict[str, Any] = {"key": f"{giver.pk}-{taker.pk}", "actor": None, "source": ("test", "1")} | more
    return transfer(giver=giver, taker=taker, amounts={JANUARY: Decimal(amount)}, **said)


def available(*accounts: FundsAccount) -> list[Decimal]:
    figures = account_figures([account.pk for account in accounts])
    return [figures[account.pk].available for account in accounts]


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Journal, AuditRecord, OutboxEvent, BudgetVersion))


@pytest.mark.parametrize(("asked", "passes"), [(28, True), (29, True), (30, False)])
def test_at_110_percent_of_100_and_10_transferred_in_with_92_held_29_pass_and_30_do_not(
    entity: Entity, asked: int, passes: bool
) -> None:
    """Allotted 100, transferred in 10, committed 50, awaiting payment 25, spent 17."""
    account = line(entity, 100, tolerance=Decimal("0.1"))
    giver = line_of(account.budget, 10)
    give(giver, account, 10)
    move(account, "committed", 50)
    move(account, "spent", 25)  # Awaiting payment: spent, and not yet paid.
    move(account, "spent", 17)
    move(account, "paid", 17)
    assert available(account) == [18]
    if passes:
        move(account, "committed", asked)
        assert available(account) == [18 - asked]
    else:
        before = counts()
        with pytest.raises(NoFunds) as refused:
            move(account, "committed", asked)
        assert refused.value.details["left"] == "29.00"
        assert counts() == before


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_available_may_be_negative_where_nothing_stops(entity: Entity, mode: str) -> None:
    """available = allotted + net transfers − committed − awaiting payment − (spent − credits)"""
    account = line(entity, 100, line_mode=mode, group_mode=mode)
    move(account, "committed", 80)
    move(account, "spent", 50)
    move(account, "spent", -5)
    assert available(account) == [-25]


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_1026_from_1000_leaves_minus_26_and_1526_and_the_ledgers_total_stays_1500(entity: Entity, mode: str) -> None:
    """Then 25 from A to C, which is of another budget: A −51, this one 1475, that one 225."""
    a = line(entity, 1000, line_mode=mode, group_mode=mode)
    b = line_of(a.budget, 500)
    c = line(entity, 200, line_mode=mode, group_mode=mode)
    give(a, b, 1026)
    assert available(a, b, c) == [-26, 1526, 200]
    assert sum(available(a, b)) == 1500
    give(a, c, 25)
    assert available(a, b, c) == [-51, 1526, 225]
    assert sum(available(a, b)) == 1475


def test_a_stop_refuses_to_give_1026_of_1000(entity: Entity) -> None:
    a = line(entity, 1000)
    b = line_of(a.budget, 500)
    before = counts()
    with pytest.raises(NoFunds, match=r"can give up 1,000\.00, and this takes 1,026\.00 away") as refused:
        give(a, b, 1026)
    assert (refused.value.details["giver"]["available"], refused.value.details["taker"]["available"]) == ("1000.00", "500.00")
    assert available(a, b) == [1000, 500]
    assert counts() == before


def plan(total: str, **changes: Any) -> dict[str, Any]:
    """Return a budget file of one line."""
    lines = [{"name": "Licences", "cost_centre": "TOP", "amount": total}]
    return {
        "schema": "purser/budget/1",
        "entity": {"code": "tiny", "name": "Tiny", "currency": "USD"},
        "cost_centres": [{"code": "TOP", "name": "Top"}],
        "categories": [{"code": "soft", "name": "Software"}],
        "budget": {
            "code": "TINY",
            "name": "Tiny",
            "kind": "operating",
            "currency": "USD",
            "total": total,
            "cost_centre": "TOP",
            "starts_on": "2026-01",
            "months": "12",
            "envelopes": [{"category": "soft", "amount": total, "lines": lines}],
        }
        | changes,
    }


@pytest.mark.django_db
def test_of_two_edits_of_one_budget_from_the_same_version_the_second_is_stale() -> None:
    seen = load_document(document=plan("1200"), actor=None, base_id=0).version.pk
    load_document(document=plan("2400"), actor=None, base_id=seen)
    before = counts()
    for edit in (plan("3600"), plan("2400")):
        with pytest.raises(Stale, match="another version after you looked") as refused:
            load_document(document=edit, actor=None, base_id=seen)
        assert refused.value.status == 409
    assert counts() == before
    assert account_figures([FundsAccount.objects.get().pk])[FundsAccount.objects.get().pk].allotted == 2400


@pytest.mark.django_db
def test_of_two_first_versions_of_one_budget_the_second_is_stale() -> None:
    load_document(document=plan("1200"), actor=None, base_id=0)
    before = counts()
    with pytest.raises(Stale):
        load_document(document=plan("3600"), actor=None, base_id=0)
    assert counts() == before


@pytest.mark.django_db
def test_of_two_drafts_from_the_same_version_the_second_is_not_put_in_force() -> None:
    seen = load_document(document=plan("1200"), actor=None).version
    drafts = [
        BudgetVersion.objects.create(budget=seen.budget, number=number, total=Decimal(0), source_digest=str(number))
        for number in (2, 3)
    ]
    put_in_force(version_id=drafts[0].pk, actor=None, base_id=seen.pk)
    before = counts()
    with pytest.raises(Stale):
        put_in_force(version_id=drafts[1].pk, actor=None, base_id=seen.pk)
    assert counts() == before
    drafts[1].refresh_from_db()
    assert drafts[1].state == "draft"


def test_a_missing_budget_is_refused_and_nothing_is_written(entity: Entity) -> None:
    line(entity, 100)
    before = counts()
    with pytest.raises(Missing, match="Choose a budget line"):
        posting = Posting(0, JANUARY, "reserved", Decimal(1))
        post(key="k", kind="reserve", entity=entity, postings=[posting], actor=None, source=("t", "1"))
    assert counts() == before


@pytest.mark.django_db
@pytest.mark.parametrize(("place", "code"), [("cost_centre", "NOPE"), ("category", "nonsense")])
def test_a_file_that_names_what_is_not_there_is_refused_and_nothing_is_written(place: str, code: str) -> None:
    document = copy.deepcopy(plan("1200"))
    (document["budget"] if place == "cost_centre" else document["budget"]["envelopes"][0])[place] = code
    with pytest.raises((Missing, InvalidInput), match=code):
        load_document(document=document, actor=None)
    assert counts() == (0, 0, 0, 0)


def test_a_cancellation_is_never_refused_for_lack_of_funds(entity: Entity) -> None:
    account = line(entity, 100)
    order = move(account, "committed", 100)
    move(account, "spent", 500, is_fact=True)
    reverse(journal_id=order.id, key="cancelled", actor=None)
    assert available(account) == [-400]


def test_a_credit_after_an_overspend_gives_back_what_was_spent(entity: Entity) -> None:
    """100 budget, 150 spent, 150 credited: 100 available, not 150."""
    account = line(entity, 100)
    move(account, "spent", 150, is_fact=True)
    move(account, "spent", -150)
    assert available(account) == [100]


def test_an_overspend_of_a_cent_is_an_overspend(entity: Entity) -> None:
    account = line(entity, 100)
    before = counts()
    with pytest.raises(NoFunds):
        move(account, "spent", "100.01")
    assert counts() == before
    move(account, "spent", "100.00")
    with pytest.raises(NoFunds):
        move(account, "spent", "0.01")
