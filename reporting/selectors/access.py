"""Whose reports a person may read: a report shows a budget whole, so it is for those whose role reaches over all of it."""

from django.db.models import Q, QuerySet

from budgets.models import Budget
from budgets.selectors.budgets import READING, access_budget_by_code
from core.access import entities_of, paths_of
from core.errors import NotAllowed
from core.models import User


def whole_budgets(user: User) -> QuerySet[Budget]:
    """Return the budgets that `user` may read as a whole."""
    reach = Q(pk__in=[])
    for entity in entities_of(user):
        for path in paths_of(user, entity, *READING):
            reach |= Q(entity=entity) if path == "/" else Q(entity=entity, cost_centre__path__startswith=path)
    return Budget.objects.filter(reach)


def access_report_budget(user: User, code: str) -> Budget:
    """Return the budget that `user` may read whole. Raises NotFound for a foreign one, NotAllowed for one seen in part."""
    budget = access_budget_by_code(user, code)
    if not whole_budgets(user).filter(pk=budget.pk).exists():
        raise NotAllowed(
            "The report shows the whole budget, and your role reaches over a part.", remedy="Your part is on the budget's page."
        )
    return budget
