"""Controls: the limits on a budget's accounts, its categories, its cost centres and its whole."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from budgets.models import Budget, Category, CostCentre

# The deeper, the earlier it is locked. An account's own control has 1000 (in budgets_ensure_account).
CATEGORY_DEPTH, COST_CENTRE_DEPTH, BUDGET_DEPTH = 500, 200, 100


@transaction.atomic
def set_controls(*, budget: Budget, categories: Iterable[Category] = (), cost_centres: Iterable[CostCentre] = ()) -> None:
    """State the controls of a budget: one on each account, on each of `categories` and `cost_centres`, and on the whole.

    Their mode, window and tolerance are the budget's. Cover and counters are computed anew, with every posting kept out.
    What stands over its limit then stays: only what makes it worse is refused.
    """
    controls = [_control(budget, budget.name, BUDGET_DEPTH)]
    for category in categories:
        name = f"{category.name} ({budget.name})"
        controls.append(_control(budget, name, CATEGORY_DEPTH + category.path.count("/"), category=category.pk))
    for node in cost_centres:
        name = f"{node.name} ({budget.name})"
        controls.append(_control(budget, name, COST_CENTRE_DEPTH + node.path.count("/"), cost_centre=node.pk))
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_set_controls(%s, %s::jsonb)", [budget.pk, json.dumps(controls)])


def _control(budget: Budget, name: str, depth: int, **node: int) -> dict[str, Any]:
    stated = {"mode": budget.group_mode, "window": budget.window, "tolerance": str(budget.tolerance)}
    return {"name": name, "depth": depth, "cost_centre": None, "category": None, **node, **stated}


def rebuild(*, entity_id: int) -> None:
    """Compute cover and counters of all controls of an entity anew, with every posting kept out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_rebuild(%s, NULL)", [entity_id])
