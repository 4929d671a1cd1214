"""Cost centres, categories and their aliases, vendors, milestones, accounts and how they are found."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.models import Cover, FundsAccount
from budgets.selectors.accounts import accounts_for_requests, find_account, find_budget
from budgets.selectors.balances import effect_of
from budgets.selectors.categories import resolve_category
from budgets.selectors.check import check_ledger
from budgets.services import categories, cost_centres, milestones, vendors
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting
from core.errors import InvalidInput, NoFunds, WrongState
from core.models import Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget


def test_a_node_whose_code_begins_like_another_is_not_below_it(entity: Entity) -> None:
    """`IT` does not take in `ITSecurity`: a stop on the one does not count what the other holds."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode="track")
    category = CategoryFactory.create(entity=entity)
    nodes = [CostCentreFactory.create(entity=entity, code=code, parent=budget.cost_centre) for code in ("IT", "ITSecurity")]
    made = [ensure_account(budget=budget, cost_centre=node, category=category) for node in nodes]
    set_controls(budget=budget, cost_centres=nodes[:1])
    covered = Cover.objects.filter(control__cost_centre=nodes[0], control__account=None).values_list("account_id", flat=True)
    assert list(covered) == [made[0].pk]
    for account in made:
        allot(account, 100)
    move(made[1], "reserved", 100)
    move(made[0], "reserved", 100)


def test_moving_a_cost_centre_moves_what_covers_it(entity: Entity, controller: User) -> None:
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode="track", group_mode="stop")
    left, right = CostCentreFactory.create_batch(2, entity=entity, parent=budget.cost_centre)
    team = CostCentreFactory.create(entity=entity, parent=left)
    below = CostCentreFactory.create(entity=entity, parent=team)
    account = ensure_account(budget=budget, cost_centre=below, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget, cost_centres=[left, right])
    allot(account, 100)
    move(account, "spent", 40)
    moved = cost_centres.move(cost_centre_id=team.pk, parent_id=right.pk, actor=controller)
    below.refresh_from_db()
    assert (moved.path, below.path) == (f"{right.path}{team.code}/", f"{right.path}{team.code}/{below.code}/")
    assert check_ledger().is_whole
    effects = effect_of([Posting(account.pk, JANUARY, "reserved", Decimal(1))])
    nodes = {effect.node.split(" (")[0]: effect.left_now for effect in effects}
    assert nodes[right.name] == 60
    assert left.name not in nodes
    with pytest.raises(InvalidInput, match="below itself"):
        cost_centres.move(cost_centre_id=team.pk, parent_id=below.pk, actor=controller)


def test_codes_are_plain_and_given_once(entity: Entity, controller: User) -> None:
    top = cost_centres.add_cost_centre(entity=entity, code="TOP", name="Top", actor=controller)
    assert cost_centres.add_cost_centre(entity=entity, code="SUB", name="Sub", parent=top, actor=controller).path == "/TOP/SUB/"
    for code in ("TOP", "", "a/b", "-x", "x" * 41):
        with pytest.raises(InvalidInput):
            cost_centres.add_cost_centre(entity=entity, code=code, name="Again", actor=controller)


def test_a_category_goes_by_code_name_and_the_aliases_of_its_source(entity: Entity, controller: User) -> None:
    category = categories.add_category(entity=entity, code="ai-apis", name="AI/ML APIs", actor=controller)
    alias = categories.add_alias(category=category, source="bill", name="OpenAI  Usage", actor=controller)
    assert categories.add_alias(category=category, source="bill", name="openai usage", actor=controller) == alias
    for source, name, found in (
        ("any", "AI-APIS", True),
        ("any", "ai ml apis", True),
        ("bill", "OPENAI usage", True),
        ("any", "OpenAI Usage", False),
        ("bill", "", False),
        ("bill", "OpenAI", False),
    ):
        assert (resolve_category(entity, source, name) == category) is found, name
    other = categories.add_category(entity=entity, code="tools", name="Tools", actor=controller)
    with pytest.raises(InvalidInput, match="stands for AI/ML APIs already"):
        categories.add_alias(category=other, source="bill", name="OpenAI usage", actor=controller)
    categories.remove_alias(alias=alias, actor=controller)
    assert resolve_category(entity, "bill", "OpenAI usage") is None


def test_a_name_that_two_categories_bear_stands_for_neither(entity: Entity, controller: User) -> None:
    for code in ("a", "b"):
        categories.add_category(entity=entity, code=code, name="Cloud", actor=controller)
    assert resolve_category(entity, "any", "cloud") is None


def test_a_vendor_is_found_in_any_spelling(entity: Entity, controller: User) -> None:
    vendor = vendors.ensure_vendor(entity=entity, name="Acme Cloud, Inc.", actor=controller)
    assert vendor.code == "acme-cloud-inc"
    vendors.add_alias(vendor=vendor, name="ACME Hosting", actor=controller)
    for name in ("acme cloud inc", "ACME   CLOUD INC", "Acme-Hosting"):
        assert vendors.ensure_vendor(entity=entity, name=name, actor=controller) == vendor
    assert vendors.ensure_vendor(entity=entity, name="Acme Cloud", actor=controller) != vendor
    with pytest.raises(InvalidInput):
        vendors.ensure_vendor(entity=entity, name=" . ", actor=controller)


def test_a_milestone_is_completed_once(small_budget: SmallBudget, controller: User) -> None:
    milestone = milestones.set_milestone(
        budget=small_budget.budget, code="M1", name="Live", due_on=date(2026, 6, 30), vendor=small_budget.vendor, actor=controller
    )
    milestones.complete_milestone(milestone=milestone, done_on=date(2026, 7, 1), actor=controller)
    with pytest.raises(WrongState):
        milestones.complete_milestone(milestone=milestone, done_on=date(2026, 7, 2), actor=controller)


def test_an_account_made_later_has_its_own_stop_and_its_place_in_the_pool(small_budget: SmallBudget) -> None:
    node = CostCentreFactory.create(entity=small_budget.entity, parent=small_budget.parent)
    late = ensure_account(budget=small_budget.budget, cost_centre=node, category=small_budget.categories["people"])
    assert late.name == f"People, {node.name}"
    with pytest.raises(NoFunds):
        move(late, "reserved", "0.01")
    move(late, "spent", 10, is_fact=True)
    assert check_ledger().is_whole


def test_accounts_of_different_entities_are_refused(small_budget: SmallBudget) -> None:
    with pytest.raises(InvalidInput):
        ensure_account(
            budget=small_budget.budget, cost_centre=CostCentreFactory.create(), category=small_budget.categories["people"]
        )


def test_the_account_of_the_budget_in_force_that_spans_the_month_is_found(small_budget: SmallBudget) -> None:
    def find(month: date, currency: str = "USD", code: str = "PLATFORM") -> FundsAccount | None:
        category = small_budget.categories["software"]
        return find_account(entity=small_budget.entity, cost_centre_code=code, category=category, month=month, currency=currency)

    assert find(JANUARY) == small_budget.account
    assert find(date(2027, 1, 1)) is None
    assert find(JANUARY, currency="EUR") is None
    assert find(JANUARY, code="NOPE") is None
    path = small_budget.cost_centres["PLATFORM"].path
    assert find_budget(entity=small_budget.entity, cost_centre_path=path, month=JANUARY, currency="USD") == small_budget.budget
    assert find_budget(entity=small_budget.entity, cost_centre_path="/OTHER/", month=JANUARY, currency="USD") is None
    small_budget.budget.versions.update(state="superseded")
    assert find(JANUARY) is None


def test_people_ask_money_from_the_accounts_in_their_reach(small_budget: SmallBudget, outsider: User) -> None:
    lead = UserFactory.create()
    assign(lead, "team_lead", small_budget.entity, kind="requester", cost_centre=small_budget.cost_centres["PRODUCT"])
    names = [account.name for account in accounts_for_requests(lead)]
    assert names == ["People, Product", "Software, Product", "Training, Product"]
    assert accounts_for_requests(outsider) == []


@pytest.mark.parametrize("mode", ["stop", "warn", "track"])
def test_an_effect_says_what_is_left_before_and_after(entity: Entity, mode: str) -> None:
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode=mode, window="month")
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, 100)
    move(account, "reserved", 70)
    leaf, whole = effect_of([Posting(account.pk, JANUARY, "reserved", Decimal(40))])
    assert (leaf.account_id, leaf.mode, leaf.when) == (account.pk, mode, "in January 2026")
    assert [leaf.cap, leaf.held, leaf.wanted, leaf.left_now, leaf.left_after] == [100, 70, 40, 30, -10]
    assert (leaf.passes, whole.passes) == (mode != "stop", False)
    approved = {"reserved": Decimal(-40), "committed": Decimal(40)}
    assert effect_of([Posting(account.pk, JANUARY, bucket, amount) for bucket, amount in approved.items()]) == []
