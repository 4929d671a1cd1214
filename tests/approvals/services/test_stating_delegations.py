"""Stating who decides for whom: chains and circles, overlaps, by whom, and what is refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from approvals.models import Delegation
from approvals.selectors.delegations import asked_of
from approvals.services.delegations import end_delegation
from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.models import AuditRecord, Notice, User
from core.services.outbox import drain
from tests.factories.approvals import MONDAY, everything, stages_of, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew, approve, delegated, in_queue
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
DAY = timedelta(days=1)


# Chains and circles.


def test_a_chain_ends_with_who_is_there_and_the_lowest_limit_counts(kafka: House, director: User, deputy: User) -> None:
    last = UserFactory.create(name="Last")
    assign(last, "deputy", kafka.entity)
    delegated(director, deputy, kafka.entity, limit=Decimal(2000))
    delegated(deputy, last, kafka.entity, limit=Decimal(1500))
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, "1500"))
    assert in_queue(last) == [stage]
    decision = approve(stage, last)
    assert decision.on_behalf_of == director
    record = AuditRecord.objects.get(verb="request.approve")
    assert record.after is not None
    assert len(record.after["delegations"]) == 2
    submitted(kafka.engineer, kafka.account, "1600")
    assert in_queue(last) == []
    assert len(in_queue(deputy)) == 1


def test_circles_and_long_chains_are_refused(kafka: House) -> None:
    people = [UserFactory.create(name=f"P{number}") for number in range(5)]
    for person in people:
        assign(person, "deputy", kafka.entity)
    delegated(people[0], people[1], kafka.entity)
    before = everything()
    with pytest.raises(WrongState, match="P1 → P0 → P1") as circle:
        delegated(people[1], people[0], kafka.entity)
    assert circle.value.code == "delegation_circle"
    assert everything() == before
    delegated(people[1], people[2], kafka.entity)
    with pytest.raises(WrongState, match="P2 → P0 → P1 → P2"):
        delegated(people[2], people[0], kafka.entity)
    delegated(people[2], people[3], kafka.entity)
    with pytest.raises(WrongState, match="more than 3 times"):
        delegated(people[3], people[4], kafka.entity)
    # On other days it is neither.
    delegated(people[1], people[0], kafka.entity, after=7)


def test_two_at_one_time_are_refused_by_the_service_and_the_database(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    with pytest.raises(WrongState, match="Deputy decides for Program director from 2026-03-02 to 2026-03-08 already") as refusal:
        delegated(director, kafka.people["cfo"], kafka.entity, after=6)
    assert refusal.value.code == "delegation_overlaps"
    row.pk = None
    with pytest.raises(IntegrityError, match="one at a time is for one thing"), transaction.atomic():
        row.save(force_insert=True)
    delegated(director, kafka.people["cfo"], kafka.entity, after=7)
    # Being out of office stands beside it, for what it leaves.
    delegated(director, None, kafka.entity)


def _beside(kafka: House, what: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the terms of two statements that are not for the same."""
    if what == "kinds":
        return {"kinds": ["vendor_payment"]}, {"kinds": ["infrastructure", "team_expense"]}
    root = kafka.account.cost_centre
    below = [CostCentreFactory.create(entity=kafka.entity, parent=root, code=f"B{number}") for number in (1, 2)]
    return {"cost_centre": below[0]}, {"cost_centre": below[1]}


@pytest.mark.parametrize("what", ["kinds", "places"])
def test_several_stand_side_by_side_that_are_not_for_the_same(kafka: House, director: User, deputy: User, what: str) -> None:
    cfo = kafka.people["cfo"]
    one, other = _beside(kafka, what)
    delegated(director, deputy, kafka.entity, **one)
    row = delegated(director, cfo, kafka.entity, **other)
    before = everything()
    for terms in (one, other, {}, {"limit": Decimal(5)}):
        with pytest.raises(WrongState, match="decides for Program director from 2026-03-02") as refusal:
            delegated(director, kafka.people["finance"], kafka.entity, **terms)
        assert refusal.value.code == "delegation_overlaps"
    row.pk, row.delegate = None, kafka.people["finance"]
    with pytest.raises(IntegrityError, match="one at a time is for one thing"), transaction.atomic():
        row.save(force_insert=True)
    assert everything() == before


def test_each_of_several_decides_what_is_theirs_and_nothing_else(kafka: House, director: User, deputy: User) -> None:
    cfo = kafka.people["cfo"]
    delegated(director, deputy, kafka.entity, kinds=["vendor_payment"], days=3)
    delegated(director, cfo, kafka.entity, kinds=["infrastructure"])
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    assert stage.owner == director
    assert in_queue(deputy) == [stage]
    assert stage not in in_queue(cfo)
    shown = asked_of([stage], now=MONDAY)[stage.pk]
    assert (shown.stand_in, shown.until) == (deputy, MONDAY.replace(day=5, hour=0))
    with pytest.raises(NotAllowed):
        approve(stage, cfo)
    assert approve(stage, deputy).on_behalf_of == director


def test_what_was_called_off_before_it_began_stands_in_nobodys_way(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity, after=2, days=2)
    end_delegation(delegation_id=row.pk, actor=director)
    delegated(director, deputy, kafka.entity)


def test_a_circle_through_one_of_several_is_found(kafka: House, director: User, deputy: User) -> None:
    delegated(director, kafka.people["cfo"], kafka.entity, kinds=["infrastructure"])
    delegated(director, deputy, kafka.entity, kinds=["vendor_payment"])
    with pytest.raises(WrongState, match="circle"):
        delegated(deputy, director, kafka.entity)
    delegated(deputy, director, kafka.entity, kinds=["scope_change"])


def test_only_the_end_moves_and_only_to_earlier(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    rows = Delegation.objects.filter(pk=row.pk)
    for change in ({"delegate": kafka.people["cfo"]}, {"limit": 1}, {"ends_at": row.ends_at + DAY}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()


# Stating it.


def test_an_administrator_states_it_for_somebody_who_is_ill_with_a_reason(kafka: House, director: User, deputy: User) -> None:
    boss = UserFactory.create(name="Administrator")
    assign(boss, "administrator", kafka.entity, kind="administrator")
    with pytest.raises(InvalidInput, match="Say why"):
        delegated(director, deputy, kafka.entity, actor=boss)
    assign(boss, "deputy", kafka.entity)
    with pytest.raises(NotAllowed, match="makes themselves"):
        delegated(director, anew(boss), kafka.entity, actor=anew(boss), reason="Ill.")
    row = delegated(director, deputy, kafka.entity, actor=anew(boss), reason="Ill until further notice.")
    record = AuditRecord.objects.get(verb="delegation.stated")
    assert (record.actor, record.subject_id) == (boss, str(row.pk))
    assert record.after is not None
    assert record.after["reason"] == "Ill until further notice."
    drain()
    assert set(Notice.objects.filter(kind="approvals.delegation_stated").values_list("person__name", flat=True)) == {
        "Deputy",
        director.name,
    }


def test_nobody_else_states_it_nor_ends_it(kafka: House, director: User, deputy: User, outsider: User) -> None:
    with pytest.raises(NotAllowed):
        delegated(director, deputy, kafka.entity, actor=kafka.people["cfo"], reason="I may not.")
    row = delegated(director, deputy, kafka.entity)
    for person in (outsider, kafka.people["tech_lead"]):
        with pytest.raises(NotFound):
            end_delegation(delegation_id=row.pk, actor=person)
    end_delegation(delegation_id=row.pk, actor=deputy)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("first_day", {"after": -1}),
        ("last_day", {"days": 0}),
        ("last_day", {"days": 400}),
        ("kinds", {"kinds": ["unheard_of"]}),
        ("limit", {"limit": Decimal(0)}),
        ("limit", {"limit": Decimal("NaN")}),
        ("reason", {"reason": "x" * 501}),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    kafka: House, director: User, deputy: User, field: str, more: dict[str, Any]
) -> None:
    before = everything()
    with pytest.raises(InvalidInput) as refusal:
        delegated(director, deputy, kafka.entity, **more)
    assert list(refusal.value.details) == [field]
    assert (everything(), Delegation.objects.count()) == (before, 0)


def test_the_delegate_holds_a_role_that_decides_here(kafka: House, director: User, outsider: User) -> None:
    for person in (director, outsider):
        with pytest.raises(InvalidInput) as refusal:
            delegated(director, person, kafka.entity)
        assert list(refusal.value.details) == ["delegate"]
