"""Whose reports a person may read: a report shows a budget whole, so it is for those whose role reaches over all of it."""

from django.db.models import QuerySet

from budgets.models import Budget
from budgets.selectors.budgets import READING, access_budget_by_code
from core.access import may
from core.database.kept import Given, Kept
from core.errors import NotAllowed
from core.models import User
from core.reach import in_reach


def whole_budgets(user: User) -> QuerySet[Budget]:
    """Return the budgets that `user` may read as a whole."""
    return Budget.objects.filter(in_reach(user, *READING))


def access_report_budget(user: User, code: str) -> Budget:
    """Return the budget that `user` may read whole. Raises NotFound for a foreign one, NotAllowed for one seen in part."""
    budget = _BY_CODE.row(code=code)
    if budget is None or not _reads_whole(user, budget):
        access_budget_by_code(user, code)
        raise NotAllowed(
            "The report shows the whole budget, and your role reaches over a part.", remedy="Your part is on the budget's page."
        )
    return budget


def _reads_whole(user: User, budget: Budget) -> bool:
    return any(may(user, right, entity=budget.entity, path=budget.cost_centre.path) for right in READING)


_BY_CODE: Kept[Budget] = Kept(
    lambda: Budget.objects.filter(code=Given("code")).select_related("entity", "cost_centre").order_by()
)
