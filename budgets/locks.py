"""The only place of this room that locks. The ledger's own locks are taken inside its functions."""

from datetime import date

from django.db import connection

from budgets.models import Budget, BudgetVersion, Category, CostCentre, Period
from core.errors import NotFound
from core.models import Entity


def lock_structure() -> None:
    """Keep every posting out until the transaction ends: for changes to controls, the tree, or the state of a month."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_lock_structure()")


def keep_structure() -> None:
    """Keep changes of the structure, and moves of holds, out until the transaction ends; other postings go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(budgets_structure_key())")


# Keys are locked by two numbers, which PostgreSQL keeps apart from locks by one: no key meets the structure's lock.
KEYS = 8103


def lock_key(key: str) -> None:
    """Let whoever does something under the same key wait until the transaction ends. Taken first, before anything is read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [KEYS, key])


def lock_budget(budget_id: int) -> Budget:
    """Return the budget, locked."""
    return Budget.objects.select_for_update(of=("self",), no_key=True).select_related("entity", "cost_centre").get(pk=budget_id)


def lock_version(version_id: int) -> BudgetVersion:
    """Return the version, locked together with its budget. Raises NotFound."""
    found = BudgetVersion.objects.filter(pk=version_id).values_list("budget_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such version of a budget.", remedy="Choose one from the budget's page.")
    lock_budget(found)
    return BudgetVersion.objects.select_for_update(of=("self",), no_key=True).select_related("budget__entity").get(pk=version_id)


def lock_period(entity: Entity, month: date) -> Period:
    """Return the entity's month, locked. Raises NotFound."""
    period = Period.objects.select_for_update(no_key=True).filter(entity=entity, month=month).first()
    if period is None:
        raise NotFound(f"{month:%B %Y} was never opened.", remedy="Open it first.")
    return period


def lock_cost_centre(cost_centre_id: int) -> CostCentre:
    """Return the cost centre, locked."""
    return CostCentre.objects.select_for_update(of=("self",)).select_related("entity").get(pk=cost_centre_id)


def lock_category(category_id: int) -> Category:
    """Return the category, locked."""
    return Category.objects.select_for_update(of=("self",), no_key=True).select_related("entity").get(pk=category_id)
