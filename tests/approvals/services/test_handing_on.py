"""A delegate hands on what they decide in another's place: named with them, and no further than they decide themselves."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Stage, StageMember
from approvals.selectors.people import may_take
from approvals.selectors.stories import story_of
from approvals.services.delegations import end_delegation
from approvals.services.hands import add_approver, hand_over
from approvals.views.story import history_of
from core import clock
from core.errors import InvalidInput, NotAllowed, Stale
from core.models import AuditRecord, Notice, User
from core.services import outbox
from tests.factories.approvals import MONDAY, everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew, approve, delegated, in_queue
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def colleague(kafka: House) -> User:
    """Somebody who could own the stage by its policy."""
    person = UserFactory.create(name="Colleague")
    assign(person, "program_director", kafka.entity)
    return person


@pytest.fixture
def stage(kafka: House) -> Stage:
    return stages_of(submitted(kafka.engineer, kafka.account))[0]


def _hand(stage: Stage, actor: User, person: User, service: Any = hand_over) -> StageMember:
    member: StageMember = service(stage_id=stage.pk, actor=anew(actor), person_id=person.pk, reason="Knows the vendor.")
    return member


def test_a_delegate_hands_on_and_both_are_named(
    kafka: House, stage: Stage, director: User, deputy: User, colleague: User
) -> None:
    row = delegated(director, deputy, kafka.entity)
    outbox.drain()

    member = _hand(stage, deputy, colleague)
    outbox.drain()

    assert (member.person, member.added_by, member.in_place_of, member.delegation) == (colleague, deputy, director, row)
    stage.refresh_from_db()
    assert stage.owner == colleague
    assert [in_queue(person) for person in (director, deputy, colleague)] == [[], [], [stage]]
    record = AuditRecord.objects.get(verb="stage.handed_over")
    assert record.after is not None
    assert (record.actor, record.after["in_place_of"], record.after["delegation"]) == (deputy, director.pk, row.pk)
    words = [step.text for step in history_of(story_of(stage.request))]
    assert f"Handed over by Deputy for {director.name} to Colleague, {stage.name}" in words
    assert "Deputy, who decides for you, asked Colleague" in Notice.objects.get(person=director, kind="approvals.handed_on").body
    assert f"Deputy for {director.name}" in Notice.objects.get(person=colleague, kind="approvals.joined").subject
    assert not Notice.objects.filter(person__in=[director, deputy], kind="approvals.assigned", read_at__isnull=True).exists()
    approve(stage, colleague)
    for person in (director, deputy):
        with pytest.raises((NotAllowed, Stale)):
            approve(stage, person)


def test_a_delegate_hands_on_only_what_they_decide(kafka: House, director: User, deputy: User, colleague: User) -> None:
    small, large = (stages_of(submitted(kafka.engineer, kafka.account, amount))[0] for amount in ("500", "501"))
    delegated(director, deputy, kafka.entity, limit=Decimal(500), kinds=["vendor_payment"])
    other = stages_of(submitted(kafka.engineer, kafka.account, "10", kind="scope_change"))[0]
    before = everything()
    for stage in (large, other):
        with pytest.raises(NotAllowed):
            _hand(stage, deputy, colleague)
    assert everything() == before
    assert _hand(small, deputy, colleague).in_place_of == director


def test_whose_place_it_is_has_lost_the_role_meanwhile(
    kafka: House, stage: Stage, director: User, deputy: User, colleague: User
) -> None:
    delegated(director, deputy, kafka.entity)
    director.assignments.filter(role__code="program_director").delete()
    before = everything()
    with pytest.raises(NotAllowed, match="may not decide on all") as refusal:
        _hand(stage, deputy, colleague)
    assert refusal.value.code == "above_limit"
    assert everything() == before


def test_duties_stay_apart_for_both(kafka: House, stage: Stage, director: User, deputy: User) -> None:
    """Not to themselves, not to who asked, not to whom it was taken from; and not once they have decided in the round."""
    assign(deputy, "program_director", kafka.entity)
    delegated(director, deputy, kafka.entity)
    assert {deputy, director, kafka.engineer}.isdisjoint(may_take(stage.request, stage, giver=deputy))
    before = everything()
    for person in (deputy, director, kafka.engineer):
        with pytest.raises(InvalidInput):
            _hand(stage, deputy, person)
    assert everything() == before


def test_who_decided_in_the_round_hands_nothing_on(kafka: House, deputy: User, colleague: User) -> None:
    first, second = stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))
    assign(colleague, second.role_code, kafka.entity)
    delegated(first.owner, deputy, kafka.entity)
    delegated(second.owner, deputy, kafka.entity)
    approve(first, deputy)
    before = everything()
    with pytest.raises((NotAllowed, Stale)):
        _hand(Stage.objects.get(pk=second.pk), deputy, colleague)
    assert everything() == before


def test_before_and_after_its_days_nothing_is_handed_on(
    kafka: House, stage: Stage, director: User, deputy: User, colleague: User
) -> None:
    row = delegated(director, deputy, kafka.entity, after=1)
    for step in (None, lambda: end_delegation(delegation_id=row.pk, actor=director)):
        if step:
            step()
        with clock.at(MONDAY + timedelta(days=1 if step else 0)), pytest.raises(NotAllowed, match="not yours"):
            _hand(stage, deputy, colleague)


def test_a_delegate_asks_for_one_more_in_the_others_name(
    kafka: House, stage: Stage, director: User, deputy: User, colleague: User
) -> None:
    delegated(director, deputy, kafka.entity)
    assert _hand(stage, deputy, colleague, add_approver).in_place_of == director


def test_the_database_wants_a_delegation_that_names_them(
    kafka: House, stage: Stage, director: User, deputy: User, colleague: User
) -> None:
    row = delegated(director, deputy, kafka.entity)
    said = {
        "stage": stage,
        "person": colleague,
        "capacity": "added",
        "reason": "So.",
        "added_at": MONDAY,
        "in_place_of": director,
    }
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"added_by": deputy}, "stage_member_for_another_has_its_delegation"),
        ({"added_by": kafka.engineer, "delegation": row}, "by a delegation in force"),
        ({"added_by": deputy, "delegation": row, "added_at": MONDAY - timedelta(days=1)}, "by a delegation in force"),
        ({"added_by": deputy, "delegation": row, "person": deputy}, "stage_member_for_another_has_its_delegation"),
    ]
    for change, match in wrong:
        with pytest.raises(DatabaseError, match=match), transaction.atomic():
            StageMember.objects.create(**said | change)
