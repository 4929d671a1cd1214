"""What the scenarios share: an entity with its people, a small budget in force, a policy, and files' sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from approvals.models import Request, Stage
from approvals.services.policies import load_policy
from budgets.models import Budget, Category, CostCentre, FundsAccount, Vendor
from budgets.rules.months import months_between
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from core.models import Entity, User
from tests.factories.approvals import MARCH, MONDAY, approve_all, submitted
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, VendorFactory, open_year
from tests.factories.core import EntityFactory, UserFactory, assign

__all__ = ["MARCH", "MONDAY", "POLICY", "Ground", "lay"]

PEOPLE = {"project_manager": "requester", "program_director": "approver", "finance": "finance", "executive": "executive"}
POLICY: dict[str, Any] = {
    "code": "small",
    "name": "Small approvals",
    "currency": "USD",
    "contact": "finance",
    "escalate_after": "3 business days",
    "roles": {
        "program_director": {"name": "Program director", "kind": "approver", "backup": "executive"},
        "finance": {"name": "Finance", "kind": "finance", "backup": "executive"},
        "executive": {"name": "Executive", "kind": "executive"},
    },
    "kinds": {"vendor_payment": {"name": "Vendor payment"}},
    "rules": [
        {"name": "Small", "kind": "vendor_payment", "tags": {"level": "small"}, "automatic": True},
        {"kind": "vendor_payment", "over": 0, "stages": ["program_director", "finance"], "sla": "5 business days"},
    ],
}


@dataclass(frozen=True)
class Ground:
    """What stands before any scenario. `accounts` is keyed by (cost centre code, category code), `people` by role code."""

    entity: Entity
    people: Mapping[str, User]
    budget: Budget
    centres: Mapping[str, CostCentre]
    categories: Mapping[str, Category]
    accounts: Mapping[tuple[str, str], FundsAccount]
    vendor: Vendor

    @property
    def account(self) -> FundsAccount:
        """Return the account for when any will do: 1,000.00 USD are allotted to each in each month of 2026."""
        return self.accounts["PLATFORM", "software"]

    @property
    def other(self) -> FundsAccount:
        return self.accounts["PRODUCT", "training"]

    @property
    def requester(self) -> User:
        return self.people["project_manager"]

    @property
    def approver(self) -> User:
        return self.people["program_director"]

    @property
    def finance(self) -> User:
        return self.people["finance"]

    def submitted(self, net: Any = "300", **more: Any) -> Request:
        return submitted(self.requester, self.account, net, **more)

    def approved(self, net: Any = "300", **more: Any) -> Request:
        """Take a request through its decisions, so that its money is committed."""
        return approve_all(self.submitted(net, **more))

    def stage_of(self, request: Request) -> Stage:
        """Return the stage that is decided next."""
        return Stage.objects.get(request=request, state=Stage.State.ASSIGNED)


def lay() -> Ground:
    """Make the ground in an empty database."""
    entity = EntityFactory.create(code="acme", name="Acme")
    people = {code: _person(entity, code, kind) for code, kind in PEOPLE.items()}
    open_year(entity)
    parent = CostCentreFactory.create(entity=entity, code="ENG", name="Engineering")
    codes = ("PLATFORM", "PRODUCT")
    centres = {code: CostCentreFactory.create(entity=entity, code=code, name=code.title(), parent=parent) for code in codes}
    kinds = ("people", "software", "training")
    categories = {code: CategoryFactory.create(entity=entity, code=code, name=code.title()) for code in kinds}
    budget = BudgetFactory.create(entity=entity, code="SMALL", name="Small budget", cost_centre=parent)
    accounts = _accounts(budget, centres, categories)
    vendor = VendorFactory.create(entity=entity, code="acme-cloud", name="Acme Cloud")
    load_policy(document=POLICY, entity=entity, actor=None)
    return Ground(entity, people, budget, {**centres, "ENG": parent}, categories, accounts, vendor)


def _person(entity: Entity, code: str, kind: str) -> User:
    person = UserFactory.create(email=f"{code}@example.org".replace("_", "-"), name=code.replace("_", " ").capitalize())
    assign(person, code, entity, kind=kind)
    return person


def _accounts(
    budget: Budget, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]
) -> dict[tuple[str, str], FundsAccount]:
    accounts = {
        (centre.code, category.code): ensure_account(budget=budget, cost_centre=centre, category=category)
        for centre in centres.values()
        for category in categories.values()
    }
    set_controls(budget=budget, categories=list(categories.values()))
    months = months_between(JANUARY, DECEMBER)
    allotted = [Posting(account.pk, month, "allotted", Decimal(1000)) for account in accounts.values() for month in months]
    post(key="ground", kind="allot", entity=budget.entity, postings=allotted, actor=None, source=("budget_version", "1"))
    return accounts


def day(number: int) -> date:
    """Return a day of March 2026."""
    return date(2026, 3, number)
