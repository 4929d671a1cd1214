"""Whose reports a person may read: a report shows a budget whole, so it is for those whose role reaches over all of it."""

from django.db.models import QuerySet

from budgets.models import Budget
from budgets.selectors.budgets import READING, access_budget_by_code
from core.errors import NotAllowed
from core.models import User
from core.reach import in_reach


def whole_budgets(user: User) -> QuerySet[Budget]:
    """Return the budgets that `user` may read as a whole."""
    return Budget.objects.filter(in_reach(user, *READING))


def access_report_budget(user: User, code: str) -> Budget:
    """Return the budget that `user` may read whole. Raises NotFound for a foreign one, NotAllowed for one seen in part."""
    budget = whole_budgets(user).select_related("entity", "cost_centre").filter(code=code).first()
    if budget is None:
        access_budget_by_code(user, code)
        raise NotAllowed(
            "The report shows the whole budget, and your role reaches over a part.", remedy="Your part is on the budget's page."
        )
    return budget
