"""Who is asked when somebody is away or has left, who is told, and that nothing is left alone whatever happens."""

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

from approvals.models import Delegation, Request, Stage
from approvals.selectors.chains import predicted_chain
from approvals.selectors.delegations import deputies_of, matter_of
from approvals.selectors.queue import queue_of
from approvals.services import absences
from approvals.services.delegations import end_delegation
from approvals.services.policies import load_policy
from approvals.services.timers import fire_due
from core import clock
from core.errors import Refusal
from core.models import AuditRecord, Notice, User
from core.services.outbox import drain
from tests.factories.approvals import MONDAY, asked, read_yaml, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew, approve, delegated, in_queue
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
DAY = timedelta(days=1)


# Nobody there: the backup is asked.


def test_out_of_office_without_a_delegate_the_next_is_asked(kafka: House, director: User) -> None:
    delegated(director, None, kafka.entity)
    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account))
    assert [stage.owner for stage in found.stages] == [kafka.people["executive_sponsor"]]
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    assert stage.owner == kafka.people["executive_sponsor"]


def test_the_prediction_shows_the_delegate(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account)).stages
    assert (stage.owner, stage.stand_in) == (director, deputy)


@pytest.mark.parametrize("how", ["away", "left"])
def test_what_waits_already_goes_to_the_backup_at_once(kafka: House, director: User, how: str) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    due_at = stage.due_at
    sponsor = kafka.people["executive_sponsor"]
    assert in_queue(sponsor) == []
    if how == "away":
        delegated(director, None, kafka.entity)
    else:
        User.objects.filter(pk=director.pk).update(is_active=False)

    assert absences.attend() == 1
    assert absences.attend() == 0

    stage.refresh_from_db()
    assert in_queue(sponsor) == [stage]
    assert (stage.covered_at, stage.due_at, stage.escalated_at) == (MONDAY, due_at, None)
    assert how.replace("left", "has left") in stage.covered_why
    drain()
    assert Notice.objects.filter(person=sponsor, kind="approvals.covered").count() == 1
    assert approve(stage, sponsor).request.state == Request.State.APPROVED


def test_the_delegate_of_somebody_who_left_decides_what_waited(kafka: House, director: User, deputy: User) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    delegated(director, deputy, kafka.entity)
    User.objects.filter(pk=director.pk).update(is_active=False)
    assert absences.attend() == 0
    assert in_queue(deputy) == [stage]
    approve(stage, deputy)


def test_where_nobody_is_left_it_says_so_once(kafka: House, director: User) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    User.objects.filter(pk__in=[person.pk for code, person in kafka.people.items() if code != "finance"]).update(is_active=False)
    assert absences.attend() == 0
    stage.refresh_from_db()
    assert stage.covered_why.endswith("Nobody else may decide.")
    assert absences.attend() == 0
    assert AuditRecord.objects.filter(verb="stage.covered").count() == 1


def test_the_clock_goes_on_and_escalation_finds_somebody_who_is_there(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    delegated(kafka.people["executive_sponsor"], None, kafka.entity, days=30)
    with clock.at(MONDAY + 5 * DAY):
        fire_due()
        stage.refresh_from_db()
        assert stage.escalated_at is not None
        assert stage.backup == kafka.people["executive_sponsor"]  # away, but there is nobody else


def test_notices_reach_the_delegate_and_are_settled(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    drain()
    told = Notice.objects.filter(kind="approvals.assigned")
    assert set(told.values_list("person", flat=True)) == {director.pk, deputy.pk}
    assert "You decide for Program director." in told.get(person=deputy).body
    approve(stage, director)
    with clock.at(MONDAY + timedelta(minutes=2)):
        drain()
    assert not Notice.objects.filter(person=deputy, level="act", read_at__isnull=True).exists()


def test_the_delegate_is_told_when_it_begins(kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity, after=1)
    absences.attend()
    with clock.at(MONDAY + DAY):
        absences.attend()
        absences.attend()
        drain()
    assert Notice.objects.filter(kind="approvals.delegation_begun", person=deputy).count() == 1


# Whatever happens.


@pytest.mark.parametrize("seed", range(5))
def test_random_absences_never_count_anybody_twice_and_leave_no_stage_alone(kafka: House, seed: int) -> None:
    dice = random.Random(seed)
    people = [kafka.people[code] for code in sorted(kafka.people)] + [kafka.engineer]
    extra = [UserFactory.create(name=f"Board {number}") for number in range(3)]
    for person in extra:
        assign(person, "change_control_board", kafka.entity)
    people += extra
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][3]["stages"] = [{"role": "change_control_board", "quorum": 2}]
    load_policy(document=document, entity=kafka.entity, actor=None)
    for number in range(14):
        with clock.at(MONDAY + timedelta(hours=number)):
            step = dice.choice([_states, _states, _asks, _decides, _decides, _ends, _leaves])
            with suppress(Refusal):
                step(dice, kafka, people)
            absences.attend()
            _holds_together(kafka, people)


def _states(dice: random.Random, kafka: House, people: list[User]) -> None:
    person, delegate = dice.choice(people), dice.choice([None, *people])
    delegated(anew(person), delegate, kafka.entity, limit=dice.choice([None, Decimal(1000)]) if delegate else None)


def _asks(dice: random.Random, kafka: House, people: list[User]) -> None:
    kind = dice.choice(["infrastructure", "scope_change", "vendor_payment"])
    submitted(anew(dice.choice(people)), kafka.account, dice.choice(["900", "1200"]), kind=kind)


def _ends(dice: random.Random, kafka: House, people: list[User]) -> None:
    row = Delegation.objects.filter(ended_at__isnull=True).order_by("pk").last()
    if row is not None:
        end_delegation(delegation_id=row.pk, actor=row.person)


def _leaves(dice: random.Random, kafka: House, people: list[User]) -> None:
    if dice.random() < 0.3:
        User.objects.filter(pk=dice.choice(people).pk).update(is_active=False)


def _decides(dice: random.Random, kafka: House, people: list[User]) -> None:
    for stage in Stage.objects.filter(state=Stage.State.ASSIGNED).select_related("request"):
        for person in dice.sample(people, len(people)):
            _try(stage, person)


def _try(stage: Stage, person: User) -> None:
    """Let somebody who can sign in try; what they may is what their queue shows."""
    if not anew(person).is_active:
        return
    shown = stage in in_queue(person)
    try:
        approve(stage, person)
    except Refusal as refusal:
        said = refusal.code
    else:
        said = ""
    assert (said in {"", "above_limit", "no_owner"}) is shown


def _holds_together(kafka: House, people: list[User]) -> None:
    for request in Request.objects.all():
        said = list(request.decisions.filter(voided_at__isnull=True))
        counted = [pk for each in said for pk in (each.person_id, each.on_behalf_of_id) if pk is not None]
        assert len(counted) == len(set(counted))
        assert request.requester_id not in counted
    shown = {person.pk: set(queue_of(anew(person)).values_list("pk", flat=True)) for person in people if anew(person).is_active}
    for stage in Stage.objects.filter(state=Stage.State.ASSIGNED):
        able = [pk for pk, stages in shown.items() if stage.pk in stages]
        deputies, matter = deputies_of(kafka.entity, now=clock.now()), matter_of(stage.request)
        there = [pk for pk in able if not deputies.is_away(pk, matter)]
        assert there or stage.covered_why.endswith("Nobody else may decide."), stage
