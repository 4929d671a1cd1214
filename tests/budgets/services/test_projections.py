"""Stating projections: reckoned, numbered, read from the ledger where no base is typed, and never changed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from budgets.models import Projection, ProjectionPart
from budgets.rules.projections import Rounding
from budgets.services.ledger import Posting, post
from budgets.services.projections import PartData, ProjectionData, state_projection
from core.errors import InvalidInput
from core.models import AuditRecord, User
from tests.fixtures.budgets import SmallBudget

JUNE = date(2026, 6, 1)
AWS = PartData("AWS", Decimal("314.54"), None, Decimal(30), Decimal(20))
DATA = ProjectionData("Cloud", JUNE, 3, Decimal(15), [AWS, PartData("Airtable", Decimal(120))])


def test_what_is_stated_is_reckoned_and_kept(small_budget: SmallBudget, controller: User) -> None:
    stated = state_projection(entity=small_budget.entity, data=DATA, actor=controller)
    stated.refresh_from_db()
    assert (stated.total, stated.recommended, stated.currency) == (Decimal(446), Decimal(510), "USD")
    assert list(stated.parts.values_list("name", "base", "grown", "projected")) == [
        ("AWS", Decimal("314.54"), Decimal(408), Decimal(326)),
        ("Airtable", Decimal(120), Decimal(120), Decimal(120)),
    ]
    assert AuditRecord.objects.filter(verb="projection.stated", subject_id=str(stated.pk)).count() == 1


def test_a_later_statement_stands_beside_the_first(small_budget: SmallBudget, controller: User) -> None:
    entity = small_budget.entity
    numbers = [
        state_projection(entity=entity, data=data, actor=controller).number
        for data in (DATA, replace(DATA, buffer_pct=Decimal(17)), replace(DATA, horizon_months=6), DATA)
    ]
    assert numbers == [1, 2, 1, 3]


def test_without_a_base_it_is_what_was_spent(small_budget: SmallBudget, controller: User) -> None:
    software, people = small_budget.account, small_budget.accounts["PRODUCT", "people"]
    spent = [
        Posting(software.pk, JUNE, "spent", Decimal("100.10")),
        Posting(software.pk, date(2026, 7, 1), "spent", Decimal(9)),
        Posting(people.pk, JUNE, "spent", Decimal(7)),
        Posting(software.pk, JUNE, "reserved", Decimal(50)),
    ]
    post(key="spend", kind="spend", entity=small_budget.entity, postings=spent, actor=controller, source=("test", "1"))
    parts = [PartData("Software", None, small_budget.categories["software"])]
    data = replace(DATA, parts=parts, buffer_pct=Decimal(0), rounding=Rounding(recommended="up to 0.01"))
    stated = state_projection(entity=small_budget.entity, data=data, actor=controller)
    part = stated.parts.get()
    assert (part.base, part.is_spend, stated.recommended) == (Decimal("100.10"), True, Decimal("100.10"))


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (replace(DATA, name=" "), "name", "Give it a name"),
        (replace(DATA, horizon_months=0), "horizon_months", "1 to 120 months"),
        (replace(DATA, buffer_pct=Decimal("-0.01")), "buffer_pct", "0 to 1,000 %"),
        (replace(DATA, parts=[]), "parts", "at least one part"),
        (replace(DATA, parts=[AWS] * 41), "parts", "40 parts at most"),
        (replace(DATA, parts=[replace(AWS, name="")]), "part-0", "name"),
        (replace(DATA, parts=[AWS, replace(AWS, base=None)]), "base-1", "what it costs now"),
        (replace(DATA, parts=[replace(AWS, base=Decimal(-1))]), "base-0", "zero or more"),
        (replace(DATA, parts=[replace(AWS, growth_pct=Decimal(1001))]), "growth-0", "0 to 1,000 %"),
        (replace(DATA, parts=[replace(AWS, reduction_pct=Decimal("100.01"))]), "reduction-0", "0 to 100 %"),
        (replace(DATA, rounding=Rounding(grown="to the moon")), "", "no rule of rounding"),
    ],
)
def test_what_cannot_be_reckoned_is_refused_and_nothing_kept(
    small_budget: SmallBudget, controller: User, data: ProjectionData, field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        state_projection(entity=small_budget.entity, data=data, actor=controller)
    assert not field or list(refused.value.details) == [field]
    assert (Projection.objects.count(), ProjectionPart.objects.count()) == (0, 0)


@pytest.mark.parametrize("table", ["budgets_projection", "budgets_projectionpart"])
def test_nobody_rewrites_what_was_stated(small_budget: SmallBudget, controller: User, table: str) -> None:
    state_projection(entity=small_budget.entity, data=DATA, actor=controller)
    for statement in (f"UPDATE {table} SET name = 'other'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
