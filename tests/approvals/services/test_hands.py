"""Stages that change hands, and stages of which more decide."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from approvals.models import Request, Stage, StageMember
from approvals.selectors.queue import queue_of
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.hands import add_approver, hand_over
from approvals.services.questions import answer_question, ask_question
from approvals.services.timers import fire_due
from core.errors import InvalidInput, NotAllowed, NotFound, Stale
from core.models import AuditRecord, Notice, User
from core.services import outbox
from tests.factories.approvals import at, everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
BOTH: list[Any] = [hand_over, add_approver]


@pytest.fixture
def stage(kafka: House) -> Stage:
    """Two stages follow one another: a tech lead's, then somebody else's."""
    return stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))[0]


@pytest.fixture
def colleague(stage: Stage, kafka: House) -> User:
    person = UserFactory.create(name="Colleague")
    assign(person, stage.role_code, kafka.entity)
    return person


def _step(service: Any, stage: Stage, person: User, actor: User | None = None, reason: str = "Away.") -> StageMember:
    member: StageMember = service(stage_id=stage.pk, actor=actor or stage.owner, person_id=person.pk, reason=reason)
    return member


def _approve(stage: Stage, person: User) -> None:
    approve_stage(stage_id=stage.pk, actor=person, digest=stage.request.digest)


def test_a_stage_changes_hands_and_its_clock_runs_on(stage: Stage, colleague: User) -> None:
    giver, due, timers = stage.owner, stage.due_at, list(stage.timers.values("kind", "due_at", "state"))
    with at(2026, 3, 2, 15, 0):
        outbox.drain()
        _step(hand_over, stage, colleague, reason=" On leave. ")
        outbox.drain()

    stage.refresh_from_db()
    assert (stage.owner, stage.due_at) == (colleague, due)
    assert list(stage.timers.values("kind", "due_at", "state")) == timers
    assert not queue_of(giver).exists()
    assert list(queue_of(colleague)) == [stage]
    rows = StageMember.ever.filter(stage=stage).order_by("id")
    assert [(row.person, row.left_at is None, row.added_by, row.reason) for row in rows] == [
        (giver, False, None, ""),
        (colleague, True, giver, "On leave."),
    ]
    assert Notice.objects.filter(person=colleague, kind="approvals.joined").count() == 1
    assert not Notice.objects.filter(person=giver, kind="approvals.assigned", read_at__isnull=True).exists()
    assert AuditRecord.objects.get(verb="stage.handed_over").actor == giver
    with pytest.raises(NotAllowed, match="not yours"):
        _approve(stage, giver)
    _approve(stage, colleague)
    stage.refresh_from_db()
    assert stage.state == Stage.State.APPROVED


def test_it_can_come_back(stage: Stage, colleague: User) -> None:
    giver = stage.owner
    _step(hand_over, stage, colleague)
    _step(hand_over, stage, giver, actor=colleague)
    stage.refresh_from_db()
    assert stage.owner == giver
    _approve(stage, giver)


def test_only_who_could_decide_and_is_free_takes_it(stage: Stage, kafka: House, colleague: User, outsider: User) -> None:
    helper = UserFactory.create(name="Helper")
    assign(helper, "helper", kafka.entity, kind="requester")
    small = UserFactory.create(name="Small limit")
    held = assign(small, stage.role_code, kafka.entity)
    held.limit = Decimal(10)
    held.save()
    gone = UserFactory.create(name="Gone", is_active=False)
    assign(gone, stage.role_code, kafka.entity)
    later = stages_of(stage.request)[1].owner
    before = everything()
    for person in (helper, small, gone, later, outsider, kafka.engineer, stage.owner):
        with pytest.raises(InvalidInput):
            _step(hand_over, stage, person)
    assert everything() == before


@pytest.mark.parametrize("service", BOTH)
def test_both_want_a_reason_and_a_stage_of_ones_own(service: Any, stage: Stage, colleague: User, kafka: House) -> None:
    before = everything()
    for reason in ("", "  ", "x" * 3_000, "\x00"):
        with pytest.raises(InvalidInput):
            _step(service, stage, colleague, reason=reason)
    for actor in (kafka.engineer, colleague):
        with pytest.raises(NotAllowed):
            _step(service, stage, colleague, actor=actor)
    with pytest.raises(NotFound):
        service(stage_id=0, actor=stage.owner, person_id=colleague.pk, reason="Away.")
    assert everything() == before
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment="No.")
    with pytest.raises(Stale):
        _step(service, stage, colleague)


def test_a_successor_who_was_the_backup_leaves_a_backup_behind(kafka: House) -> None:
    stage = stages_of(submitted(kafka.engineer, kafka.account))[0]
    backup = stage.backup
    assert backup is not None
    _step(hand_over, stage, backup)
    stage.refresh_from_db()
    assert (stage.owner, stage.backup) != (backup, backup)
    with at(2026, 3, 9, 12, 0):
        fire_due()
    stage.refresh_from_db()
    assert stage.escalated_at is not None
    assert stage.backup != stage.owner


def test_a_backup_hands_over_as_the_backup(kafka: House) -> None:
    stage = stages_of(submitted(kafka.engineer, kafka.account))[0]
    owner = stage.owner
    with at(2026, 3, 9, 12, 0):
        fire_due()
        stage.refresh_from_db()
        assert stage.backup is not None
        other = UserFactory.create(name="Other sponsor")
        assign(other, stage.backup_role_code, kafka.entity)
        _step(hand_over, stage, other, actor=stage.backup)
    stage.refresh_from_db()
    assert (stage.owner, stage.backup) == (owner, other)


def test_an_answer_reaches_whoever_holds_the_stage_now(stage: Stage, colleague: User, kafka: House) -> None:
    question = ask_question(stage_id=stage.pk, actor=stage.owner, person_id=kafka.engineer.pk, text="Why?")
    _step(hand_over, stage, colleague)
    answer_question(question_id=question.pk, actor=kafka.engineer, text="It ends.")
    outbox.drain()
    assert [notice.person for notice in Notice.objects.filter(kind="approvals.answered")] == [colleague]


def test_one_more_decision_is_needed_and_counts(stage: Stage, kafka: House) -> None:
    helper = UserFactory.create(name="Helper")
    assign(helper, "helper", kafka.entity, kind="requester")
    _step(add_approver, stage, helper, reason="Knows the system.")
    stage.refresh_from_db()
    assert stage.needed == 2
    _approve(stage, helper)
    stage.refresh_from_db()
    assert stage.state == Stage.State.ASSIGNED
    _approve(stage, stage.owner)
    stage.refresh_from_db()
    assert stage.state == Stage.State.APPROVED


def test_nobody_is_added_who_decides_elsewhere_or_has_no_role(stage: Stage, kafka: House, outsider: User) -> None:
    later = stages_of(stage.request)[1].owner
    before = everything()
    for person in (kafka.engineer, later, outsider, stage.owner):
        with pytest.raises(InvalidInput):
            _step(add_approver, stage, person)
    assert everything() == before


def test_a_role_lost_meanwhile_counts_no_more(stage: Stage, kafka: House) -> None:
    helper = UserFactory.create(name="Helper")
    held = assign(helper, "helper", kafka.entity, kind="requester")
    _step(add_approver, stage, helper)
    held.delete()
    with pytest.raises(NotAllowed):
        _approve(stage, helper)


def test_the_database_knows_one_owner_and_lets_nobody_vanish(stage: Stage, colleague: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        stage.members.create(person=colleague, capacity="owner")
    with pytest.raises(IntegrityError), transaction.atomic():
        stage.members.create(person=colleague, capacity="added")
    assert Request.objects.get(pk=stage.request_id).state == Request.State.SUBMITTED
