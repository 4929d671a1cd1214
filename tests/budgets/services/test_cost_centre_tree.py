"""A budget as a cost centre tree: the golden organization, spend that counts for each ancestor, reach, what is given twice."""

from datetime import timedelta
from decimal import Decimal

import pytest

from budgets.models import Budget, CostCentre, FundsAccount
from budgets.selectors.cost_centre_tree import Tree, TreeRow, tree_of
from budgets.services.budgets import load_document
from budgets.services.controls import Node, Terms, set_control
from core import clock
from core.models import Entity, User
from tests.factories.budgets import DECEMBER, JANUARY, allot, move, open_year
from tests.factories.core import UserFactory, assign
from tests.factories.trees import BELOW, GOLDEN, KEPT, ROOT, TEAM, document
from tests.owner import as_owner


def loaded(entity: Entity, *, below: bool) -> Budget:
    open_year(entity)
    return load_document(document=document(below=below), actor=None, entity_code=entity.code).budget


@pytest.fixture
def golden(entity: Entity) -> Budget:
    """The golden organization: 120,000 with a line of 60,000 for its team."""
    return loaded(entity, below=False)


@pytest.fixture
def deep(entity: Entity) -> Budget:
    """The same, with a project, a service, a region and an environment, each below the one before."""
    return loaded(entity, below=True)


def at(budget: Budget, code: str) -> FundsAccount:
    return FundsAccount.objects.get(budget=budget, cost_centre__code=code)


def row(tree: Tree, code: str) -> TreeRow:
    return next(row for row in tree.rows if row.centre.code == code)


def test_of_the_golden_120000_the_organization_hands_60000_to_its_team_and_60000_not(golden: Budget, auditor: User) -> None:
    tree = tree_of(auditor, golden)
    root, team = tree.rows
    assert [(each.centre.code, each.centre.kind) for each in tree.rows] == [
        (node["code"], node["type"]) for node in GOLDEN["hierarchy"]
    ]
    assert [each.figures.allotted for each in tree.rows] == [node["amount"] for node in GOLDEN["hierarchy"]]
    assert (root.figures.allotted, root.handed_down, root.not_handed_down) == (120000, 60000, 60000)
    assert tree.not_handed_down == root.not_handed_down == GOLDEN["expect"]["unallocated"]
    assert (team.parent, team.handed_down, team.not_handed_down) == (root.centre, 0, 60000)
    assert tree.findings == []


def test_what_is_spent_at_a_leaf_counts_for_every_ancestor_and_for_no_other_node(deep: Budget, auditor: User) -> None:
    move(at(deep, "eu-west"), "spent", "900.25", is_fact=True)
    move(at(deep, "eu-west"), "reserved", "99.75")

    tree = tree_of(auditor, deep)

    shown = {each.centre.code: (each.figures.spent, each.figures.held) for each in tree.rows}
    above = (Decimal("900.25"), Decimal("1000.00"))
    assert shown == {**dict.fromkeys((ROOT, TEAM, "apollo", "checkout", "eu-west"), above), "staging": (0, 0)}
    assert row(tree, "checkout").own.held == 0
    assert row(tree, "eu-west").figures.available == 8000 + 7000 - 1000


def test_every_kind_of_node_is_shown_below_its_parent_and_the_sums_add_up(deep: Budget, auditor: User) -> None:
    tree = tree_of(auditor, deep)
    assert [(each.centre.code, each.centre.kind, each.depth) for each in tree.rows] == [
        (ROOT, "organization", 0),
        (TEAM, "team", 1),
        *((code, kind, depth) for depth, (code, kind, _, _) in enumerate(BELOW, start=2)),
    ]
    assert (row(tree, TEAM).handed_down, row(tree, TEAM).not_handed_down) == (40000, KEPT)
    assert sum(each.not_handed_down for each in tree.rows) == tree.total.allotted == 120000
    for each in tree.rows:
        children = [child.figures.allotted for child in tree.rows if child.parent == each.centre]
        assert sum(children) == each.handed_down == each.figures.allotted - each.not_handed_down


def test_a_node_without_a_line_of_its_own_stands_between(entity: Entity, auditor: User) -> None:
    open_year(entity)
    stated = document(below=True)
    lines = stated["budget"]["envelopes"][0]["lines"]
    stated["budget"]["envelopes"][0]["lines"] = [line for line in lines if line["cost_centre"] != "checkout"]
    budget = load_document(document=stated, actor=None, entity_code=entity.code).budget

    between = row(tree_of(auditor, budget), "checkout")

    assert (between.own.allotted, between.handed_down, between.depth) == (0, 15000, 3)


def test_a_reader_of_a_part_sees_the_nodes_of_that_part_alone(deep: Budget, entity: Entity) -> None:
    move(at(deep, "apollo"), "spent", 40)
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=CostCentre.objects.get(code="checkout"))

    tree = tree_of(lead, deep)

    assert [each.centre.code for each in tree.rows] == ["checkout", "eu-west", "staging"]
    assert (tree.rows[0].parent, tree.rows[0].depth) == (None, 0)
    assert (tree.total.allotted, tree.total.spent) == (25000, 0)


def test_a_node_that_handed_down_more_than_it_has_is_a_finding(deep: Budget, entity: Entity, auditor: User) -> None:
    Budget.objects.filter(pk=deep.pk).update(line_mode="track", group_mode="track")
    assert tree_of(auditor, deep).findings == []
    with as_owner():
        deep.controls.update(mode="track")
    move(at(deep, TEAM), "allotted", -26000, kind="revise")

    tree = tree_of(auditor, deep)

    assert (row(tree, TEAM).figures.allotted, row(tree, TEAM).not_handed_down) == (34000, -6000)
    [found] = tree.findings
    assert (found.code, found.where, found.amount) == ("over_allocated", TEAM, 6000)
    assert found.sentence == f"{TEAM} has 34,000.00 and has handed down 40,000.00: 6,000.00 too much."


def test_a_node_below_which_more_is_held_than_it_has_is_a_finding(golden: Budget, auditor: User) -> None:
    move(at(golden, TEAM), "spent", "60000.01", is_fact=True)
    [found] = tree_of(auditor, golden).findings
    assert (found.code, found.where, found.amount) == ("overdrawn", TEAM, Decimal("0.01"))


@pytest.mark.parametrize("over_all", [False, True])
def test_a_limit_below_what_the_node_is_allotted_is_a_finding(
    golden: Budget, entity: Entity, controller: User, auditor: User, over_all: bool
) -> None:
    node = Node(budget=None if over_all else golden, cost_centre=CostCentre.objects.get(code=TEAM))
    terms = Terms("stop", "year", own_limit=Decimal(50000))
    set_control(entity=entity, node=node, terms=terms, actor=controller, force=True, reason="It was cut.")

    [found] = tree_of(auditor, golden).findings

    assert (found.code, found.where, found.amount) == ("over_allocated", TEAM, 10000)
    ends = "for the year to December 2026 over all budgets" if over_all else "for the year to December 2026"
    said = f"{TEAM} may be allotted 50,000.00 {ends}; with all below it, 60,000.00 is: 10,000.00 too much."
    assert found.sentence == said


def test_a_budget_of_its_own_at_a_lower_node_is_named_and_not_counted(golden: Budget, entity: Entity, auditor: User) -> None:
    other = document()
    other["budget"] |= {"code": "own", "name": "Of its own", "cost_centre": TEAM, "total": "500", "envelopes": []}
    other["budget"]["envelopes"] = [{"category": "cloud", "amount": "500"}]
    load_document(document=other, actor=None, entity_code=entity.code)

    tree = tree_of(auditor, golden)

    assert [(each.budget.code, each.figures.allotted) for each in tree.beside] == [("own", 500)]
    assert tree.not_handed_down == 60000
    assert tree_of(auditor, Budget.objects.get(code="own")).beside == []


def test_the_tree_is_of_a_moment_and_through_a_month(entity: Entity, auditor: User) -> None:
    with clock.at(clock.now() - timedelta(days=10)), as_owner():
        budget = loaded(entity, below=False)
    with clock.at(clock.now() - timedelta(days=2)), as_owner():
        allot(at(budget, TEAM), 12, month=DECEMBER)

    assert tree_of(auditor, budget).total.allotted == 120012
    assert tree_of(auditor, budget, as_of=clock.now() - timedelta(days=5)).total.allotted == 120000
    assert tree_of(auditor, budget, through=JANUARY).not_handed_down == 5000
