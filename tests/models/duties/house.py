"""A house in which everybody holds several roles, so that whoever keeps duties apart has something to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.test import Client

from approvals.services.policies import load_policy
from budgets.models import Budget, FundsAccount
from budgets.rules.months import months_between
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from core import clock
from core.models import Entity, User
from tests.factories.approvals import MONDAY
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory, UserFactory, assign
from tests.factories.emergencies import terms
from tests.fixtures.api import Api

POLICY: dict[str, Any] = {
    "code": "duties",
    "name": "Duties",
    "currency": "USD",
    "contact": "finance",
    "escalate_after": "3 business days",
    # Longer than any sequence takes by the database's own clock, which is asked as well.
    "undo_window": 3600,
    # What covers what comes again is not asked again.
    "reask": "changed",
    "roles": {
        "director": {"name": "Director", "kind": "approver", "backup": "executive"},
        "finance": {"name": "Finance", "kind": "finance", "backup": "executive"},
        "executive": {"name": "Executive", "kind": "executive", "backup": "director"},
    },
    "kinds": {"purchase": {"name": "Purchase"}, "contract": {"name": "Contract"}, "travel": {"name": "Travel"}},
    "rules": [
        {"kind": "purchase", "over": 0, "stages": ["director", "finance"], "sla": "2 business days"},
        {
            "kind": "contract",
            "over": 0,
            "stages": [{"side_by_side": ["director", "finance"]}, "executive"],
            "sla": "5 business days",
        },
        {"kind": "travel", "over": 0, "stages": [{"role": "director", "quorum": 2}, "finance"], "sla": "1 business day"},
    ],
}
# Who holds what. Whoever asks also decides, whoever decides also pays; the administrator holds nothing else.
ROLES: dict[str, tuple[tuple[str, str], ...]] = {
    "manager": (("project_manager", "requester"),),
    "first director": (("director", "approver"), ("finance", "finance"), ("project_manager", "requester")),
    "second director": (("director", "approver"),),
    "third director": (("director", "approver"), ("finance", "finance")),
    "controller": (("finance", "finance"),),
    "accountant": (("finance", "finance"), ("project_manager", "requester")),
    "executive": (("executive", "executive"),),
    "administrator": (("administrator", "administrator"),),
}
KINDS = tuple(POLICY["kinds"])
ALLOTTED = Decimal(1_000_000)


@dataclass
class House:
    """The house, the moment it is there, and how each person reaches it. `doors` says what the machine goes in by."""

    entity: Entity
    budget: Budget
    people: Mapping[str, User]
    accounts: list[FundsAccount]
    now: datetime = MONDAY
    _clients: dict[int, Client] = field(default_factory=dict)
    _programs: dict[int, Api] = field(default_factory=dict)

    @property
    def everybody(self) -> list[User]:
        return list(self.people.values())

    @property
    def administrator(self) -> User:
        return self.people["administrator"]

    def anew(self, person: User) -> User:
        """Return a person as the next request reads them."""
        return User.objects.get(pk=person.pk)

    def browser(self, person: User) -> Client:
        """Return the browser in which a person is signed in."""
        if person.pk not in self._clients:
            client = Client(raise_request_exception=False)
            client.force_login(person)
            self._clients[person.pk] = client
        return self._clients[person.pk]

    def program(self, person: User) -> Api:
        """Return a program with a token of a person."""
        if person.pk not in self._programs:
            self._programs[person.pk] = Api(self.anew(person))
        return self._programs[person.pk]

    def pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)


def lay(code: str = "duties") -> House:
    """Make a house, beside others in the same database by a code of its own."""
    ContentType.objects.clear_cache()
    entity = EntityFactory.create(code=code, name=code.capitalize())
    open_year(entity)
    centre = CostCentreFactory.create(entity=entity, code="ALL")
    budget = BudgetFactory.create(entity=entity, code=code.upper(), cost_centre=centre)
    kinds = CategoryFactory.create_batch(2, entity=entity)
    accounts = [ensure_account(budget=budget, cost_centre=centre, category=kind) for kind in kinds]
    set_controls(budget=budget, categories=kinds)
    months = months_between(JANUARY, DECEMBER)
    allotted = [Posting(account.pk, month, "allotted", ALLOTTED) for account in accounts for month in months]
    post(key=code, kind="allot", entity=entity, postings=allotted, actor=None, source=("test", code))
    people = {name: _person(entity, name, held) for name, held in ROLES.items()}
    # In force from then on: a policy routes nothing that was submitted before it.
    with clock.at(MONDAY):
        load_policy(document=POLICY, entity=entity, actor=None)
    terms(entity, {"project_manager": 5000})
    return House(entity, budget, people, accounts)


def _person(entity: Entity, name: str, held: tuple[tuple[str, str], ...]) -> User:
    person: User = UserFactory.create(name=name.capitalize(), email=f"{name.replace(' ', '-')}@{entity.code}.example.org")
    for code, kind in held:
        assign(person, code, entity, kind=kind)
    return person
