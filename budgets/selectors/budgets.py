"""Budgets and their versions, as far as a person may see them."""

from django.db.models import F, Q, QuerySet, Value

from budgets.models import Budget, BudgetCategory, BudgetVersion, Finding
from budgets.selectors.accounts import accounts_in_reach
from core.errors import NotFound
from core.models import User
from core.reach import in_reach
from core.rules.rights import Right

READING = (Right.REPORT, Right.AUDIT, Right.BUDGET, Right.RECONCILE, Right.DECIDE)


def visible_budgets(user: User) -> QuerySet[Budget]:
    """Return the budgets under, above or at whose accounts the person holds a role that lets them read."""
    reach = in_reach(user, *READING) | Q(pk__in=accounts_in_reach(user, *READING).order_by().values("budget_id"))
    return Budget.objects.filter(reach).select_related("entity", "cost_centre", "owner")


def access_budget_by_code(user: User, code: str) -> Budget:
    """Return the budget with this code if the person may see it. Raises NotFound."""
    budget = visible_budgets(user).filter(code=code).first()
    if budget is None:
        raise NotFound("There is no such budget, or none that you may see.", remedy="Choose one from the list of budgets.")
    return budget


def version_in_force(budget: Budget) -> BudgetVersion | None:
    """Return the version in force, or None before the first one is."""
    return budget.versions.filter(state=BudgetVersion.State.IN_FORCE).first()


def findings_of(version: BudgetVersion) -> list[Finding]:
    """Return what does not add up in a version, the largest amount first."""
    return list(version.findings.order_by("-amount", "id"))


def envelope_of(version: BudgetVersion, category_path: str) -> BudgetCategory | None:
    """Return the envelope that a category with this path falls into: the nearest at or above it, or None."""
    envelopes = version.categories.select_related("category").annotate(wanted=Value(category_path))
    return envelopes.filter(wanted__startswith=F("category__path")).order_by("-category__path").first()
