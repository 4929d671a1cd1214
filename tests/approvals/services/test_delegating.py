"""Delegation in force: who decides in whose place, up to what, and that duties stay apart for both."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from approvals.models import Decision, Request, Stage
from approvals.selectors.requests import visible_requests
from approvals.services.decisions import reject_stage, send_back
from approvals.services.delegations import end_delegation
from core import clock
from core.errors import NotAllowed, Stale, WrongState
from core.models import AuditRecord, RoleAssignment, User
from tests.factories.approvals import MONDAY, everything, stages_of, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.delegations import anew, approve, delegated, in_queue
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
DAY = timedelta(days=1)


# In force: the queue, the decision, its row.


def test_the_delegate_finds_it_and_decides_as_themselves_for_the_other(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))

    assert stage.owner == director
    assert in_queue(deputy) == [stage]
    assert stage.request in visible_requests(anew(deputy))
    decision = approve(stage, deputy)

    assert (decision.person, decision.on_behalf_of, decision.delegation) == (deputy, director, row)
    assert decision.who == f"Deputy for {director.name}"
    assert decision.request.state == Request.State.APPROVED
    record = AuditRecord.objects.get(verb="request.approve")
    assert record.actor == deputy
    assert record.after is not None
    assert record.after["on_behalf_of"] == director.pk
    # What they decided they may read, also when it is over.
    end_delegation(delegation_id=row.pk, actor=director)
    assert stage.request in visible_requests(anew(deputy))


@pytest.mark.parametrize("kind", ["vendor_payment", "team_expense", "scope_change", "infrastructure"])
def test_it_holds_for_every_kind_of_request(kafka: House, deputy: User, kind: str) -> None:
    for code in ("program_director", "project_manager", "change_control_board", "tech_lead"):
        delegated(kafka.people[code], deputy, kafka.entity)
    stage = stages_of(submitted(kafka.engineer, kafka.account, kind=kind))[0]
    assert in_queue(deputy) == [stage]
    assert approve(stage, deputy).on_behalf_of == stage.owner


def test_what_waits_already_comes_to_the_delegate_too(kafka: House, director: User, deputy: User) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    assert in_queue(deputy) == []
    delegated(director, deputy, kafka.entity, after=1)
    assert in_queue(deputy) == []
    with clock.at(MONDAY + DAY):
        assert in_queue(deputy) == [stage]
    with clock.at(MONDAY + 8 * DAY):
        assert in_queue(deputy) == []
        with pytest.raises(NotAllowed):
            approve(stage, deputy)


def test_before_its_first_day_and_after_its_last_nobody_decides_by_it(kafka: House, director: User, deputy: User) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    delegated(director, deputy, kafka.entity, after=1, days=1)
    before = everything()
    for moment in (MONDAY, MONDAY.replace(day=4, hour=0)):
        with clock.at(moment), pytest.raises(NotAllowed, match="not yours"):
            approve(stage, deputy)
    assert everything() == before
    with clock.at(MONDAY.replace(day=3, hour=23, minute=59)):
        approve(stage, deputy)


def test_ended_early_it_is_over_and_what_was_decided_stays(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    first, second = (submitted(kafka.engineer, kafka.account) for _ in range(2))
    approve(stages_of(first)[0], deputy)
    with clock.at(MONDAY + timedelta(hours=1)):
        end_delegation(delegation_id=row.pk, actor=director)
        assert in_queue(deputy) == []
        with pytest.raises(NotAllowed):
            approve(stages_of(second)[0], deputy)
        with pytest.raises(WrongState, match="is over"):
            end_delegation(delegation_id=row.pk, actor=director)
    first.refresh_from_db()
    assert first.state == Request.State.APPROVED
    # The days are free again.
    with clock.at(MONDAY + timedelta(hours=2)):
        delegated(director, deputy, kafka.entity)


def test_the_delegator_may_still_decide_and_the_first_answer_counts(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    approve(stage, director)
    with pytest.raises((Stale, NotAllowed)):
        approve(stage, deputy)


@pytest.mark.parametrize("step", [reject_stage, send_back])
def test_a_no_is_said_in_the_others_place_too(kafka: House, director: User, deputy: User, step: Any) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    decision = step(stage_id=stage.pk, actor=deputy, digest=stage.request.digest, comment="Not now.")
    assert decision.on_behalf_of == director


# Within the delegator's authority, and what was stated.


def test_the_delegate_decides_within_the_delegators_limit(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, "1200"))
    RoleAssignment.objects.filter(user=director).update(limit="1000")
    before = everything()
    with pytest.raises(
        NotAllowed, match=r"In the place of Program director, for whom you decide, you decide up to 1,000.00"
    ) as no:
        approve(stage, deputy)
    assert no.value.code == "above_limit"
    RoleAssignment.objects.filter(user=director).delete()
    with pytest.raises(NotAllowed, match="no longer holds a role"):
        approve(stage, deputy)
    assert everything() == before


@pytest.mark.parametrize(("amount", "seen"), [("1200", True), ("1200.01", False)])
def test_a_delegation_up_to_an_amount(kafka: House, director: User, deputy: User, amount: str, seen: bool) -> None:
    delegated(director, deputy, kafka.entity, limit=Decimal(1200))
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, amount))
    assert (in_queue(deputy) == [stage]) is seen
    if not seen:
        with pytest.raises(NotAllowed):
            approve(stage, deputy)


def test_a_delegation_for_kinds_and_below_a_cost_centre(kafka: House, director: User, deputy: User) -> None:
    far = CostCentreFactory.create(entity=kafka.entity, code="FAR", name="Far")
    row = delegated(director, deputy, kafka.entity, kinds=["scope_change"])
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    assert in_queue(deputy) == []
    end_delegation(delegation_id=row.pk, actor=director)
    row = delegated(director, deputy, kafka.entity, cost_centre=far, after=1)
    with clock.at(MONDAY + DAY):
        assert in_queue(deputy) == []
        end_delegation(delegation_id=row.pk, actor=director)
    near = kafka.account.cost_centre
    delegated(director, deputy, kafka.entity, cost_centre=near, kinds=["vendor_payment"], after=2)
    with clock.at(MONDAY + 2 * DAY):
        assert in_queue(deputy) == [stage]
        approve(stage, deputy)


# Duties stay apart, for both.


def test_the_delegate_who_is_the_requester_is_skipped_for_the_backup(kafka: House, director: User) -> None:
    delegated(director, kafka.engineer, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    assert stage.owner == kafka.people["executive_sponsor"]
    assert in_queue(kafka.engineer) == []


def test_the_requester_is_decided_for_by_nobody(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(director, kafka.account))
    stage.members.create(person=director, capacity="member")
    assert in_queue(deputy) == []
    with pytest.raises(NotAllowed):
        approve(stage, deputy)


def test_nobody_decides_twice_through_two_people(kafka: House, deputy: User) -> None:
    """The tech lead and finance are away, and both named the same delegate: the second stage goes to somebody else."""
    lead, finance = kafka.people["tech_lead"], kafka.people["finance"]
    delegated(lead, deputy, kafka.entity)
    delegated(finance, deputy, kafka.entity)
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    approve(first, deputy)
    second.refresh_from_db()
    assert second.state == Stage.State.ASSIGNED
    assert in_queue(deputy) == []
    with pytest.raises((Stale, NotAllowed)):
        approve(second, deputy)
    assert [stage.request for stage in in_queue(second.owner)] == [request]
    assert second.owner == kafka.people["cfo"]


def test_whoever_was_decided_for_does_not_decide_again(kafka: House, deputy: User) -> None:
    lead = kafka.people["tech_lead"]
    delegated(lead, deputy, kafka.entity)
    first, second = stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))
    approve(first, deputy)
    second.members.create(person=lead, capacity="member")
    second.refresh_from_db()
    assert in_queue(lead) == []
    with pytest.raises(Stale, match="already decided"):
        approve(second, lead)


def test_the_database_counts_both_people(kafka: House, director: User, deputy: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)

    def write(stage: Stage, person: User, place: User | None, **more: Any) -> None:
        fields = {"request": request, "round": 1, "slot": 1, "verdict": "approve", "digest": request.digest}
        fields |= {"decided_at": MONDAY, "delegation": row if place else None}
        with transaction.atomic():
            Decision.objects.create(stage=stage, person=person, on_behalf_of=place, **(fields | more))

    with pytest.raises(DatabaseError, match="its requester's place"):
        write(first, deputy, kafka.engineer)
    with pytest.raises(DatabaseError, match="in force"):
        write(first, deputy, director, decided_at=MONDAY - DAY)
    with pytest.raises(DatabaseError, match="in force"):
        write(first, kafka.people["cfo"], director)
    with pytest.raises(IntegrityError, match="has_its_delegation"):
        write(first, deputy, director, delegation=None)
    first.members.create(person=director, capacity="member")
    write(first, deputy, director)
    with pytest.raises(IntegrityError, match="decision_once_per_person_and_round"):
        write(second, deputy, None)
    with pytest.raises(DatabaseError, match="Nobody decides twice"):
        write(second, director, None)
