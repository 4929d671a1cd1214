"""Distro Nation's bill of June 2025, shared out by department and by project, each with its parts, as the golden file says."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from budgets.models import ChargebackRun, CostCentre
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.statements import accept_statement
from core.models import Entity, User
from tests.factories.budgets import CostCentreFactory, move
from tests.factories.chargebacks import JANUARY, pool, stated
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

GOLDEN = Path("tests/golden/distro_nation.yaml")
WHOLE = Decimal("314.54")


@dataclass
class Bill:
    """The bill as it was spent in January, and who keeps the books."""

    entity: Entity
    controller: User
    head: User

    def drawn(self, way: str) -> ChargebackRun:
        return draw_up(entity=self.entity, month=JANUARY, rules_code=way, actor=self.controller)

    def accepted(self, way: str) -> ChargebackRun:
        """The month with the managers, who have all answered."""
        run = send_statements(run_id=self.drawn(way).pk, actor=self.controller)
        for statement in run.statements.select_related("manager"):
            accept_statement(statement_id=statement.pk, actor=statement.manager)
        return run


def code_of(within: str, name: str = "") -> str:
    """Return the code of a cost centre; parts are named by what they belong to, for two of them have one name."""
    return re.sub(r"[^A-Z0-9]+", "-", f"{within} {name}".upper()).strip("-")[:40].strip("-")


def bill(small: SmallBudget, controller: User) -> Bill:
    """Spend the bill on the platform, and state the rules of both ways."""
    golden = yaml.safe_load(GOLDEN.read_text())
    assert Decimal(golden["bill"]["total"]) == WHOLE
    move(small.account, "spent", WHOLE, thread="raw-row:1", is_fact=True)
    assign(controller, "controller", small.entity, kind="finance")
    controller.__dict__.pop("_grants", None)
    head = UserFactory.create(name="Engineering head")
    assign(head, "head", small.entity, cost_centre=small.parent)
    for way in ("departments", "projects"):
        shares = [_share(small.parent, name, said) for name, said in golden["allocation"][way].items()]
        stated(small.entity, controller, pool(shares=shares), code=way, name=f"By {way.removesuffix('s')}")
    return Bill(small.entity, controller, head)


def _share(parent: CostCentre, name: str, said: dict[str, Any]) -> dict[str, Any]:
    there = CostCentre.objects.filter(entity=parent.entity, code=code_of(name)).first()
    top = there or CostCentreFactory.create(entity=parent.entity, code=code_of(name), name=name.capitalize(), parent=parent)
    parts = []
    for part, pct in said["of_which"].items():
        inner = CostCentreFactory.create(entity=parent.entity, code=code_of(name, part), name=part, parent=top)
        parts.append({"to": inner.code, "pct": str(pct)})
    return {"to": top.code, "pct": str(said["share_pct"]), "of_which": parts}
