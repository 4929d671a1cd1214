"""Reserves in short, for tests."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from approvals.models import Request, Reserve
from approvals.rules.reserves import stand_of
from approvals.selectors.draws import Drawing
from approvals.selectors.reserves import changes_of
from approvals.services.draws import ask_draw
from approvals.services.reserves import TermsData, make_reserve
from budgets.models import FundsAccount
from budgets.selectors.balances import account_figures
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from core.models import User
from tests.factories.approvals import MARCH
from tests.factories.budgets import CategoryFactory, allot

if TYPE_CHECKING:
    from tests.fixtures.budgets import SmallBudget

REPORT = "Emergency spending report"
WRITTEN = "The provider raised its prices overnight; the platform stands still without it."


def terms(**more: Any) -> TermsData:
    """Return what is stated of an emergency reserve: a fixed 500, approved by the engineering director."""
    said: dict[str, Any] = {
        "starts_on": date(2026, 1, 1),
        "purpose": "Unplanned infrastructure needs",
        "basis": "fixed",
        "amount": Decimal(500),
        "approver": "engineering_director",
        "document": REPORT,
        "report_days": 5,
    }
    return TermsData(**said | more)


def line_of_reserve(budget: "SmallBudget", held: Any = "500", *, code: str = "emergency", month: date = MARCH) -> FundsAccount:
    """Return a budget line above all others, with money in one month."""
    category = CategoryFactory.create(entity=budget.entity, code=code, name=code.capitalize())
    account = ensure_account(budget=budget.budget, cost_centre=budget.parent, category=category)
    set_controls(budget=budget.budget, categories=[*budget.categories.values(), category])
    if held:
        allot(account, str(held), month=month)
    return account


def reserve(budget: "SmallBudget", actor: User, *, held: Any = "500", code: str = "emergency", **more: Any) -> Reserve:
    account = line_of_reserve(budget, held, code=code)
    return make_reserve(account=account, code=code, name=f"{code.capitalize()} reserve", terms=terms(**more), actor=actor)


def drawing(kept: Reserve, taker: FundsAccount, amount: Any = "120", *, month: date = MARCH, **more: Any) -> Drawing:
    said = {"reason": "Prices rose.", "document": WRITTEN} | more
    return Drawing(kept, taker, {month: Decimal(str(amount))}, **said)


def draw(
    person: User, kept: Reserve, taker: FundsAccount, amount: Any = "120", *, key: UUID | None = None, **more: Any
) -> Request:
    return ask_draw(actor=person, drawing=drawing(kept, taker, amount, **more), form_key=key or uuid4())


def month(account: FundsAccount, at: date = MARCH) -> tuple[Decimal, Decimal]:
    """Return what a month of an account is allotted, and what of it is left."""
    figures = account_figures([account.pk], month=at)[account.pk]
    return figures.allotted, figures.available


def stand(kept: Reserve, at: date = MARCH) -> tuple[Decimal, ...]:
    """Return what a month did to a reserve: held at start, added, drawn, given back, left."""
    found = stand_of(changes_of([kept], through=at)[kept.pk], at)
    return found.start, found.added, found.drawn, found.given_back, found.left
