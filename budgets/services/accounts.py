"""Funds accounts: where money is held."""

from django.db import DatabaseError, connection, transaction

from budgets.models import Budget, Category, CostCentre, FundsAccount
from core.errors import InvalidInput


@transaction.atomic
def ensure_account(*, budget: Budget, cost_centre: CostCentre, category: Category, name: str = "") -> FundsAccount:
    """Return the account of (budget, cost centre, category), made with its own control and its cover where it is not there.

    A new account is named `name`, or after its category and cost centre. Raises InvalidInput where the three belong to
    different entities.
    """
    found = FundsAccount.objects.filter(budget=budget, cost_centre=cost_centre, category=category).first()
    if found is not None:
        return found
    label = name or f"{category.name}, {cost_centre.name}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT budgets_ensure_account(%s, %s, %s, %s)", [budget.pk, cost_centre.pk, category.pk, label])
            account_id = cursor.fetchone()[0]
    except DatabaseError as error:
        if getattr(getattr(error.__cause__, "diag", None), "sqlstate", None) != "PU404":
            raise
        raise InvalidInput(
            "The budget, the cost centre and the category belong to different entities.", remedy="Choose all three from one."
        ) from error
    return FundsAccount.objects.get(pk=account_id)


def name_account(*, account: FundsAccount, name: str) -> None:
    """Call an account, and its control, by the name that people know it by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_name_account(%s, %s)", [account.pk, name])
