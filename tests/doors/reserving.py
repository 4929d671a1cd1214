"""A reserve of each organization in the world of the doors."""

from approvals.services.reserves import make_reserve
from budgets.models import Category, CostCentre
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from core.models import Entity, User
from tests.factories.budgets import BudgetFactory, CategoryFactory
from tests.factories.reserves import terms as reserve_terms


def keep_reserve(entity: Entity, prefix: str, root: CostCentre, category: Category, finance: User) -> None:
    """Let the organization keep a reserve at its top, of a budget of its own."""
    budget = BudgetFactory.create(entity=entity, code=f"{entity.code.upper()}-KEPT", name=f"{prefix}Kept", cost_centre=root)
    account = ensure_account(budget=budget, cost_centre=root, category=category, name=f"{prefix}Kept line")
    set_controls(budget=budget, categories=[category])
    stated = reserve_terms(approver="executive")
    make_reserve(account=account, code="emergency", name=f"{prefix}Emergency reserve", terms=stated, actor=finance)
    spare = CategoryFactory.create(entity=entity, code="spare", name=f"{prefix}Spare")
    ensure_account(budget=budget, cost_centre=root, category=spare, name=f"{prefix}Spare line")
