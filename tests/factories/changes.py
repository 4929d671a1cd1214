"""Changes of budgets in short, for tests."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from approvals.models import Request
from approvals.selectors.moves import Move
from approvals.services.amendments import Wanted, amend_budget
from approvals.services.virements import Moved, move_budget
from budgets.models import BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Category, FundsAccount
from budgets.rules.phasing import even
from budgets.selectors.balances import account_figures
from budgets.services.amended_rows import Amounts
from budgets.services.versions import put_in_force
from core import clock
from core.models import User
from tests.factories.approvals import MARCH


def move_of(
    giver: FundsAccount, taker: FundsAccount, amount: Any, *, month: date = MARCH, reason: str = "Licences rose."
) -> Move:
    return Move(giver, taker, {month: Decimal(str(amount))}, reason)


def moved(person: User, giver: FundsAccount, taker: FundsAccount, amount: Any, *, key: UUID | None = None, **more: Any) -> Moved:
    return move_budget(actor=person, move=move_of(giver, taker, amount, **more), form_key=key or uuid4())


def asked_to_move(person: User, giver: FundsAccount, taker: FundsAccount, amount: Any, **more: Any) -> Request:
    request = moved(person, giver, taker, amount, **more).request
    assert request is not None
    return request


def allotted(account: FundsAccount) -> Decimal:
    """Return what an account is allotted in all months."""
    return account_figures([account.pk])[account.pk].allotted


def available(account: FundsAccount) -> Decimal:
    return account_figures([account.pk])[account.pk].available


def planned_budget(account: FundsAccount, *, software: str = "12000", training: str = "6000") -> BudgetVersion:
    """Let the version in force of an account's budget plan two categories with a line each, evenly over 2026, and allot that.

    What the fixtures allotted besides stays: it is no version's business.
    """
    budget = account.budget
    version = budget.versions.get(state="in_force")
    version.state = "superseded"
    version.save()
    draft = BudgetVersion.objects.create(
        budget=budget, number=version.number + 1, total=Decimal(software) + Decimal(training), created_at=clock.now()
    )
    for code, amount in (("software", software), ("training", training)):
        category = Category.objects.get(entity=budget.entity, code=code)
        BudgetCategory.objects.create(version=draft, category=category, amount=Decimal(amount))
        line = BudgetLine.objects.create(
            version=draft,
            category=category,
            cost_centre=account.cost_centre,
            name=code.capitalize(),
            amount=Decimal(amount),
            starts_on=budget.starts_on,
            ends_on=budget.ends_on,
        )
        months = even(Decimal(amount), budget.starts_on, budget.ends_on, currency=budget.currency)
        BudgetLineMonth.objects.bulk_create(
            BudgetLineMonth(line=line, month=month, amount=each) for month, each in months.items()
        )
    return put_in_force(version_id=draft.pk, actor=None)


def wanted_of(version: BudgetVersion, *, since: date = MARCH, is_forced: bool = False, **lines: Any) -> Wanted:
    """Return an amendment that gives lines, by their names in lower case, new amounts from a month on."""
    rows = {line.name.casefold(): line.pk for line in version.lines.all()}
    amounts = Amounts(lines={rows[name]: Decimal(str(amount)) for name, amount in lines.items()})
    return Wanted(version.budget, version.pk, since, "The price rose.", amounts, is_forced=is_forced)


def asked_to_amend(person: User, version: BudgetVersion, **more: Any) -> Request:
    request = amend_budget(actor=person, wanted=wanted_of(version, **more), form_key=uuid4()).request
    assert request is not None
    return request


def allotted_in(account: FundsAccount, month: date) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].allotted
