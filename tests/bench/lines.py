"""A budget of 1,000 lines: 50 cost centres by 20 categories, with a stop on each line, on each category and on the whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from approvals.services.policies import load_policy
from budgets.models import Budget, Category, CostCentre, FundsAccount
from budgets.rules.months import months_between
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from core.models import Entity, User
from tests.factories.approvals import read_yaml
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory, UserFactory, assign

CENTRES, CATEGORIES = 50, 20
MONTH = date(2026, 4, 1)
PLENTY = Decimal("1000000000.00")


@dataclass(frozen=True)
class House:
    """An entity with its trees, and a person who asks."""

    entity: Entity
    person: User
    root: CostCentre
    centres: list[CostCentre]
    categories: list[Category]


@dataclass(frozen=True)
class Lines:
    """A budget's lines, in numbers that can be handed to another process."""

    entity_id: int
    person_id: int
    currency: str
    account_ids: tuple[int, ...]


def make_house(*, first: date, last: date) -> House:
    """Make an entity with 50 cost centres under one, 20 categories, and the months from `first` to `last` open."""
    entity = EntityFactory.create(code="bench", name="Bench")
    open_year(entity, first=first, last=last)
    person = UserFactory.create(email="person@bench.example.org")
    assign(person, "engineer", entity, kind="requester")
    root = CostCentreFactory.create(entity=entity, code="ALL")
    centres = [CostCentreFactory.build(entity=entity, code=f"CC{number:02}", parent=root) for number in range(CENTRES)]
    categories = [CategoryFactory.build(entity=entity, code=f"cat{number:02}") for number in range(CATEGORIES)]
    return House(entity, person, root, CostCentre.objects.bulk_create(centres), Category.objects.bulk_create(categories))


def give_policy(house: House) -> None:
    """Let the house work by the demo's policy, and give each of its roles to somebody."""
    document = read_yaml("demo/policies/kafka.yaml")
    for code, role in document["roles"].items():
        holder = UserFactory.create(email=f"{code.replace('_', '-')}@bench.example.org")
        assign(holder, code, house.entity, kind=role["kind"])
    load_policy(document=document, entity=house.entity, actor=None)


@transaction.atomic
def make_budget(house: House, code: str, *, first: date, last: date) -> Budget:
    """Make a budget with an account for each cost centre and category, and its controls, all of them stops of the year."""
    budget = BudgetFactory.create(entity=house.entity, code=code, cost_centre=house.root, starts_on=first, ends_on=last)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(budgets_ensure_account(%s, s.id, g.id, g.name || ', ' || s.name))"
            " FROM budgets_costcentre s CROSS JOIN budgets_category g WHERE s.parent_id = %s AND g.entity_id = %s",
            [budget.pk, house.root.pk, house.entity.pk],
        )
    set_controls(budget=budget, categories=house.categories)
    return budget


def give_money(house: House, budget: Budget) -> Lines:
    """Allot a thousand million to each line in each month of the budget, and return the lines."""
    accounts = tuple(FundsAccount.objects.filter(budget=budget).order_by("id").values_list("pk", flat=True))
    months = months_between(budget.starts_on, budget.ends_on)
    for some in _slices(accounts, 100):
        post(
            key=f"{budget.code}:{some[0]}",
            kind="allot",
            entity=house.entity,
            postings=[Posting(account_id, month, "allotted", PLENTY) for account_id in some for month in months],
            actor=house.person,
            source=("budget_version", budget.code),
        )
    return Lines(house.entity.pk, house.person.pk, budget.currency, accounts)


def _slices(numbers: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
