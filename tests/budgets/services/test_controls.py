"""Controls that a person states: on any node, with a limit of their own or the roll-up, over any window."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from budgets.models import Control, ControlMonth, Cover, Excused
from budgets.selectors.balances import effect_of
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import Node, Terms, remove_control, set_control, set_controls
from budgets.services.ledger import Posting
from core.errors import InvalidInput, NoFunds, WrongState
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year
from tests.factories.core import EntityFactory
from tests.fixtures.budgets import SmallBudget

MARCH = date(2026, 3, 1)


def _left(postings: list[Posting], control: Control) -> Decimal:
    return next(effect for effect in effect_of(postings) if effect.control_id == control.pk).left_now


def test_an_own_limit_stops_below_what_is_allotted(small_budget: SmallBudget, controller: User) -> None:
    """Each of the team's three lines has 1,000.00 a month; the team may hold 1,500.00 a month between them."""
    team = small_budget.cost_centres["PLATFORM"]
    terms = Terms("stop", "month", own_limit=Decimal("1500.00"))
    with pytest.raises(NoFunds, match=r"3,000\.00 is allotted"):
        set_control(entity=small_budget.entity, node=Node(cost_centre=team), terms=terms, actor=controller)
    control = set_control(
        entity=small_budget.entity, node=Node(cost_centre=team), terms=terms, actor=controller, force=True, reason="Hiring freeze"
    )
    move(small_budget.accounts["PLATFORM", "people"], "reserved", "1000.00")
    with pytest.raises(NoFunds) as refused:
        move(small_budget.accounts["PLATFORM", "software"], "reserved", "500.01")
    assert (refused.value.details["node"], refused.value.details["left"]) == ("Platform (Acme)", "500.00")
    move(small_budget.accounts["PLATFORM", "software"], "reserved", "500.00")
    move(small_budget.accounts["PLATFORM", "software"], "reserved", "500.00", month=MARCH)
    move(small_budget.accounts["PRODUCT", "people"], "reserved", "1000.00")
    assert control.own_limit == Decimal("1500.00")
    assert check_ledger().is_whole


def test_a_parent_may_not_be_cut_below_what_its_children_are_allotted(entity: Entity, controller: User) -> None:
    """Root 200: a child of 500 is refused, one of 100 accepted; root to 10 is refused."""
    open_year(entity)
    root = CostCentreFactory.create(entity=entity, code="ROOT")
    budget = BudgetFactory.create(entity=entity, cost_centre=root)
    child = CostCentreFactory.create(entity=entity, parent=root)
    account = ensure_account(budget=budget, cost_centre=child, category=CategoryFactory.create(entity=entity))
    node = Node(budget=budget, cost_centre=root)
    set_control(entity=entity, node=node, terms=Terms("stop", "year", own_limit=Decimal(200)), actor=controller)
    with pytest.raises(NoFunds, match=r"may be allotted 200\.00") as refused:
        allot(account, 500)
    assert refused.value.details["what"] == "allotted"
    allot(account, 100)
    with pytest.raises(NoFunds, match=r"cannot be limited to 10\.00"):
        set_control(entity=entity, node=node, terms=Terms("stop", "year", own_limit=Decimal(10)), actor=controller)
    assert Control.objects.get(cost_centre=root, budget=budget).own_limit == Decimal("200.00")
    assert check_ledger().is_whole


def test_an_own_limit_to_date_grows_by_a_twelfth_a_month(small_budget: SmallBudget, controller: User) -> None:
    """1,000.00 a year: 83.33 in January, 166.67 to February, 250.00 to March; the year's sum is 1,000.00."""
    account = small_budget.account
    control = set_control(
        entity=small_budget.entity,
        node=Node(account=account),
        terms=Terms("stop", "ytd", own_limit=Decimal(1000)),
        actor=controller,
        force=True,
        reason="A slow start",
    )
    caps = {month: _left([Posting(account.pk, date(2026, month, 1), "reserved", Decimal(1))], control) for month in (1, 2, 3, 12)}
    assert caps == {1: Decimal("83.33"), 2: Decimal("166.67"), 3: Decimal("250.00"), 12: Decimal("1000.00")}
    move(account, "reserved", "166.67", month=date(2026, 2, 1))
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", "0.01", month=date(2026, 1, 1))
    assert refused.value.details["to"] == "2026-02-01"


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_what_warns_or_tracks_lets_pass_and_keeps_no_counters(small_budget: SmallBudget, controller: User, mode: str) -> None:
    node = Node(category=small_budget.categories["people"])
    terms = Terms(mode, "month", own_limit=Decimal(1))
    control = set_control(entity=small_budget.entity, node=node, terms=terms, actor=controller)
    move(small_budget.accounts["PLATFORM", "people"], "reserved", 500)
    assert not ControlMonth.objects.filter(control=control).exists()
    effect = next(
        effect
        for effect in effect_of([Posting(small_budget.accounts["PRODUCT", "people"].pk, JANUARY, "reserved", Decimal(5))])
        if effect.control_id == control.pk
    )
    assert (effect.left_now, effect.left_after, effect.passes) == (Decimal(-499), Decimal(-504), True)


def test_a_control_over_all_budgets_pools_them(entity: Entity, controller: User) -> None:
    open_year(entity)
    team, kind = CostCentreFactory.create(entity=entity), CategoryFactory.create(entity=entity)
    budgets = BudgetFactory.create_batch(2, entity=entity, cost_centre=team)
    first, second = (ensure_account(budget=budget, cost_centre=team, category=kind) for budget in budgets)
    allot(first, 100)
    allot(second, 100)
    set_control(entity=entity, node=Node(cost_centre=team), terms=Terms("stop", "life", own_limit=Decimal(200)), actor=controller)
    assert Cover.objects.filter(control__budget=None).count() == 2
    set_control(entity=entity, node=Node(), terms=Terms("stop", "month"), actor=controller)
    move(first, "reserved", 100)
    later = ensure_account(budget=budgets[0], cost_centre=team, category=CategoryFactory.create(entity=entity))
    with pytest.raises(NoFunds):
        move(later, "reserved", 1)
    assert Cover.objects.filter(account=later).count() == 3
    assert check_ledger().is_whole


def test_tightening_excuses_what_stands_over_and_refuses_what_makes_it_worse(small_budget: SmallBudget, controller: User) -> None:
    account = small_budget.account
    move(account, "spent", 1500, is_fact=True, month=JANUARY)
    control = set_control(entity=small_budget.entity, node=Node(account=account), terms=Terms("stop", "month"), actor=controller)
    assert list(Excused.objects.filter(control=control).values_list("first", "last", "amount")) == [
        (JANUARY, JANUARY, Decimal("500.000000"))
    ]
    with pytest.raises(NoFunds, match=r"already overdrawn by 500\.00"):
        move(account, "reserved", "0.01")
    move(account, "reserved", 1000, month=MARCH)
    assert check_ledger().is_whole


def test_a_version_leaves_what_a_person_stated(small_budget: SmallBudget, controller: User) -> None:
    entity, budget = small_budget.entity, small_budget.budget
    on_software = Node(budget=budget, category=small_budget.categories["software"])
    changed = set_control(entity=entity, node=on_software, terms=Terms("track", "year"), actor=controller)
    line = set_control(entity=entity, node=Node(account=small_budget.account), terms=Terms("warn", "month"), actor=controller)
    assert (changed.origin, line.origin) == ("changed", "person")
    set_controls(budget=budget, categories=list(small_budget.categories.values()))
    changed.refresh_from_db()
    line.refresh_from_db()
    assert (changed.mode, line.mode) == ("track", "warn")
    remove_control(control_id=changed.pk, actor=controller)
    remove_control(control_id=line.pk, actor=controller)
    changed.refresh_from_db()
    assert (changed.mode, changed.origin) == ("stop", "version")
    assert not Control.objects.filter(pk=line.pk).exists()
    with pytest.raises(WrongState):
        remove_control(control_id=changed.pk, actor=controller)
    assert AuditRecord.objects.filter(verb__startswith="control.").count() == 4
    assert check_ledger().is_whole


BAD: dict[str, Callable[[], Terms]] = {
    "mode": lambda: Terms("halt", "year"),
    "window": lambda: Terms("stop", "week"),
    "tolerance below zero": lambda: Terms("stop", "year", tolerance=Decimal("-0.1")),
    "tolerance too fine": lambda: Terms("stop", "year", tolerance=Decimal("0.00001")),
    "tolerance without end": lambda: Terms("stop", "year", tolerance=Decimal("NaN")),
    "limit below zero": lambda: Terms("stop", "year", own_limit=Decimal(-1)),
    "limit finer than a cent": lambda: Terms("stop", "year", own_limit=Decimal("0.001")),
    "limit too large": lambda: Terms("stop", "year", own_limit=Decimal(10) ** 15),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_control_is_refused(small_budget: SmallBudget, controller: User, name: str) -> None:
    before = Control.objects.count()
    with pytest.raises(InvalidInput):
        set_control(entity=small_budget.entity, node=Node(), terms=BAD[name](), actor=controller)
    assert Control.objects.count() == before


def test_a_node_of_another_organization_and_a_force_without_a_reason_are_refused(
    small_budget: SmallBudget, controller: User
) -> None:
    stranger = CostCentreFactory.create(entity=EntityFactory.create())
    with pytest.raises(InvalidInput):
        set_control(entity=small_budget.entity, node=Node(cost_centre=stranger), terms=Terms("stop", "year"), actor=controller)
    with pytest.raises(InvalidInput, match="reason"):
        set_control(entity=small_budget.entity, node=Node(), terms=Terms("stop", "year"), actor=controller, force=True)
    both = Node(account=small_budget.account, category=small_budget.categories["people"])
    with pytest.raises(InvalidInput):
        set_control(entity=small_budget.entity, node=both, terms=Terms("stop", "year"), actor=controller)
    assert not Control.objects.exclude(origin="version").exists()


def test_a_preview_says_what_the_posting_will_say_to_the_cent(entity: Entity, controller: User) -> None:
    """A hundredth over 0.50 is 0.505: half a cent that nobody has. And an allotment is held against a limit of its own."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, tolerance=Decimal("0.01"))
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, "0.50")
    asked = Posting(account.pk, JANUARY, "reserved", Decimal("0.51"))
    assert {(effect.left_now, effect.passes) for effect in effect_of([asked])} == {(Decimal("0.50"), False)}
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", "0.51")
    assert refused.value.details["left"] == "0.50"
    set_control(entity=entity, node=Node(), terms=Terms("stop", "year", own_limit=Decimal(10)), actor=controller)
    more = Posting(account.pk, JANUARY, "allotted", Decimal("9.51"))
    assert [effect.passes for effect in effect_of([more]) if effect.node == entity.name] == [False]
    with pytest.raises(NoFunds):
        allot(account, "9.51")
    allot(account, "9.50")
