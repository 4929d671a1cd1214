"""Finding the account that money is held in."""

from datetime import date

from django.db.models import QuerySet

from budgets.models import Budget, BudgetVersion, Category, CostCentre, FundsAccount
from core.errors import NotFound
from core.models import Entity, User
from core.reach import in_reach
from core.rules.rights import Right


def in_force(entity: Entity, month: date, currency: str) -> QuerySet[Budget]:
    """Return the entity's budgets that have a version in force and span the month, the latest start first."""
    return Budget.objects.filter(
        entity=entity,
        currency=currency,
        starts_on__lte=month,
        ends_on__gte=month,
        versions__state=BudgetVersion.State.IN_FORCE,
    ).order_by("-starts_on", "code")


def find_account(*, entity: Entity, cost_centre_code: str, category: Category, month: date, currency: str) -> FundsAccount | None:
    """Return the account for a cost centre and a category in the budget in force that spans the month, or None.

    `month` is the first day of its month. Where several budgets have such an account, the one that started last has it.
    """
    return (
        FundsAccount.objects.filter(
            budget__in=in_force(entity, month, currency).order_by(),
            cost_centre__code=cost_centre_code,
            category=category,
            currency=currency,
        )
        .select_related("budget", "cost_centre", "category")
        .order_by("-budget__starts_on", "budget__code")
        .first()
    )


def find_budget(*, entity: Entity, cost_centre_path: str, month: date, currency: str) -> Budget | None:
    """Return the budget in force that spans the month and whose cost centre lies nearest above the path, or None."""
    above = [budget for budget in in_force(entity, month, currency) if cost_centre_path.startswith(budget.cost_centre.path)]
    return max(above, key=lambda budget: len(budget.cost_centre.path), default=None)


def accounts_in_reach(user: User, *rights: Right) -> QuerySet[FundsAccount]:
    """Return the accounts at cost centres over which the person has one of `rights`."""
    return FundsAccount.objects.filter(in_reach(user, *rights)).select_related("budget", "cost_centre", "category", "entity")


def cost_centres_in_reach(user: User, entity: Entity, *rights: Right) -> QuerySet[CostCentre]:
    """Return the entity's active cost centres over which the person has one of `rights`."""
    return CostCentre.objects.filter(in_reach(user, *rights, under="path"), entity=entity, is_active=True)


def accounts_for_requests(user: User) -> list[FundsAccount]:
    """Return the accounts that the person may ask money from: in budgets in force, within their reach, by budget and name."""
    open_budgets = BudgetVersion.objects.filter(state=BudgetVersion.State.IN_FORCE).values("budget_id")
    accounts = accounts_in_reach(user, Right.REQUEST).filter(budget_id__in=open_budgets, cost_centre__is_active=True)
    return list(accounts.order_by("budget__code", "category__path", "name"))


def access_account_by_id(user: User, account_id: int, *rights: Right) -> FundsAccount:
    """Return the account if the person has one of `rights` over its cost centre. Raises NotFound."""
    account = accounts_in_reach(user, *rights).filter(pk=account_id).first()
    if account is None:
        raise NotFound("There is no such budget line, or none that you may see.", remedy="Start from a budget.")
    return account
