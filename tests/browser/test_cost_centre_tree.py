"""A budget by cost centre at both widths: kinds, indents, what does not add up, budgets beside it."""

from decimal import Decimal
from typing import Any

import pytest

from budgets.models import FundsAccount
from budgets.services.budgets import load_document
from budgets.services.controls import Node, Terms, set_control
from core.models import Entity, User
from tests.factories.budgets import move, open_year
from tests.factories.trees import ROOT, TEAM, document


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_deep_tree_fits(desk: Any, entity: Entity, controller: User, size: str, scheme: str) -> None:
    open_year(entity)
    budget = load_document(document=document(below=True), actor=controller, entity_code=entity.code).budget
    region = FundsAccount.objects.get(budget=budget, cost_centre__code="eu-west")
    move(region, "spent", "900.25")
    move(region, "reserved", "99.75")
    node = Node(budget=budget, cost_centre=FundsAccount.objects.get(budget=budget, cost_centre__code=TEAM).cost_centre)
    limit = Terms("stop", "year", own_limit=Decimal(50000))
    set_control(entity=entity, node=node, terms=limit, actor=controller, force=True, reason="It was cut.")
    other = document()
    other["budget"] |= {"code": "own", "name": "Of its own", "cost_centre": TEAM, "total": "500"}
    other["budget"]["envelopes"] = [{"category": "cloud", "amount": "500"}]
    load_document(document=other, actor=controller, entity_code=entity.code)

    seat = desk(controller, size=size, scheme=scheme)
    page = seat.open(f"/budgets/{ROOT}/cost-centres/")
    assert page.locator("#eu-west").inner_text().startswith("eu-west")
    seat.check(f"cost-centres-{size}-{scheme}")
