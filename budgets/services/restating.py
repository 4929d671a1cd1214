"""What a budget file states of the budget itself, beside the amounts of a version."""

from collections.abc import Mapping
from typing import Any

import yaml

from budgets.models import Budget, CostCentre
from budgets.rules.document import BudgetDocument, BudgetPart
from budgets.services import master_data, milestones
from core.errors import InvalidInput
from core.models import Entity, User


def written(document: Mapping[str, Any]) -> str:
    """Return a document as the text of a file, for a version that waits."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)


def stated_of(part: BudgetPart, centres: Mapping[str, CostCentre]) -> dict[str, Any]:
    """Return what a file states of the budget itself, beside its amounts."""
    return {
        "name": part.name,
        "kind": part.kind,
        "currency": part.currency,
        "cost_centre": centres[part.cost_centre],
        "starts_on": part.starts_on,
        "ends_on": part.ends_on,
        "window": part.control.window or ("life" if part.kind == "project" else "year"),
        "line_mode": part.control.lines,
        "group_mode": part.control.groups,
        "tolerance": part.control.tolerance_pct / 100,
    }


def restate(budget: Budget, entity: Entity, stated: dict[str, Any], *, keep: bool = False) -> Budget:
    """Say of the budget what a file states; with `keep` only judge it. Raises InvalidInput."""
    if budget.entity_id != entity.pk or budget.currency != stated["currency"]:
        raise InvalidInput(f"The code {budget.code} belongs to another budget.", remedy="Choose another code.", code="taken")
    if keep:
        return budget
    for name, value in stated.items():
        setattr(budget, name, value)
    budget.save()
    return budget


def write_milestones(budget: Budget, document: BudgetDocument, actor: User | None) -> None:
    """Keep the dated promises that a file states."""
    vendors = master_data.ensure_vendors(budget.entity, document.vendors, actor)
    for part in document.budget.milestones:
        vendor = master_data.known(vendors, part.vendor, "vendor") if part.vendor else None
        milestones.set_milestone(
            budget=budget,
            code=part.code,
            name=part.name,
            due_on=part.due_on,
            planned_cost=part.planned_cost,
            vendor=vendor,
            actor=actor,
        )
