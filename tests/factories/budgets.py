"""Factories for budgets' nouns, and a few services in short for tests."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from budgets.models import Budget, BudgetVersion, Category, CostCentre, FundsAccount, Period, Vendor
from budgets.rules.months import months_between
from budgets.services.ledger import PostedJournal, Posting, post
from core import clock
from core.models import Entity
from core.names import fold
from tests.factories.core import EntityFactory

YEAR = 2026
JANUARY, DECEMBER = date(YEAR, 1, 1), date(YEAR, 12, 1)


class CostCentreFactory(DjangoModelFactory[CostCentre]):
    class Meta:
        model = CostCentre

    entity = factory.SubFactory(EntityFactory)
    code = factory.Sequence(lambda n: f"CC{n}")
    name = factory.LazyAttribute(lambda node: f"Cost centre {node.code}")
    parent = None
    path = factory.LazyAttribute(lambda node: f"{node.parent.path if node.parent else '/'}{node.code}/")


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    entity = factory.SubFactory(EntityFactory)
    code = factory.Sequence(lambda n: f"cat{n}")
    name = factory.LazyAttribute(lambda node: f"Category {node.code}")
    parent = None
    path = factory.LazyAttribute(lambda node: f"{node.parent.path if node.parent else '/'}{node.code}/")


class VendorFactory(DjangoModelFactory[Vendor]):
    class Meta:
        model = Vendor

    entity = factory.SubFactory(EntityFactory)
    code = factory.Sequence(lambda n: f"vendor-{n}")
    name = factory.Sequence(lambda n: f"Vendor {n}")
    name_key = factory.LazyAttribute(lambda vendor: fold(vendor.name))


class BudgetFactory(DjangoModelFactory[Budget]):
    """A budget of the year 2026 with a version in force; its accounts and allotments are for services to make."""

    class Meta:
        model = Budget
        skip_postgeneration_save = True

    entity = factory.SubFactory(EntityFactory)
    code = factory.Sequence(lambda n: f"BUDGET{n}")
    name = factory.LazyAttribute(lambda budget: f"Budget {budget.code}")
    currency = "USD"
    cost_centre = factory.SubFactory(CostCentreFactory, entity=factory.SelfAttribute("..entity"))
    starts_on = JANUARY
    ends_on = DECEMBER

    @factory.post_generation
    def version(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            BudgetVersion.objects.create(budget=self, number=1, state="in_force", total=Decimal(0), in_force_at=clock.now())


def open_year(entity: Entity, *, first: date = JANUARY, last: date = DECEMBER) -> None:
    """Open the months from `first` to `last`."""
    Period.objects.bulk_create(
        [Period(entity=entity, month=month) for month in months_between(first, last)], ignore_conflicts=True
    )


def move(account: FundsAccount, bucket: str, amount: Any, *, month: date = JANUARY, kind: str = "", **more: Any) -> PostedJournal:
    """Post one amount to one account under a key of its own; the kind follows from the bucket unless it is stated."""
    kinds = {"allotted": "allot", "reserved": "reserve", "committed": "commit", "spent": "spend", "paid": "paid"}
    return post(
        key=more.pop("key", f"test-{uuid4()}"),
        kind=kind or kinds[bucket],
        entity=account.entity,
        postings=[Posting(account.pk, month, bucket, Decimal(amount), more.pop("thread", ""))],
        actor=more.pop("actor", None),
        source=("test", "1"),
        **more,
    )


def allot(account: FundsAccount, amount: Any, *, month: date = JANUARY) -> PostedJournal:
    """Allot an amount to an account in one month."""
    return move(account, "allotted", amount, month=month)
