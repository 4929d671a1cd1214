"""Delegation: stated, in force, ended; who may decide in whose place, and who is asked when nobody is there."""

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from approvals.models import Decision, Delegation, Request, Stage
from approvals.selectors.chains import predicted_chain
from approvals.selectors.delegations import deputies_of, matter_of
from approvals.selectors.queue import queue_of
from approvals.selectors.requests import visible_requests
from approvals.services import absences
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.delegations import end_delegation
from approvals.services.policies import load_policy
from approvals.services.timers import fire_due
from core import clock
from core.errors import InvalidInput, NotAllowed, NotFound, Refusal, Stale, WrongState
from core.models import AuditRecord, Notice, RoleAssignment, User
from core.services.outbox import drain
from tests.factories.approvals import MONDAY, asked, everything, read_yaml, stages_of, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew, delegated
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
DAY = timedelta(days=1)


@pytest.fixture
def deputy(kafka: House) -> User:
    """Return somebody who decides on nothing of this by themselves."""
    person = UserFactory.create(name="Deputy")
    assign(person, "deputy", kafka.entity)
    return person


@pytest.fixture
def director(kafka: House) -> User:
    return kafka.people["program_director"]


def approve(stage: Stage, person: User) -> Decision:
    return approve_stage(stage_id=stage.pk, actor=anew(person), digest=stage.request.digest)


def in_queue(person: User) -> list[Stage]:
    return list(queue_of(anew(person)))


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
    write(first, deputy, director)
    with pytest.raises(IntegrityError, match="decision_once_per_person_and_round"):
        write(second, deputy, None)
    with pytest.raises(DatabaseError, match="Nobody decides twice"):
        write(second, director, None)


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
    with pytest.raises(IntegrityError, match="delegation_one_at_a_time"), transaction.atomic():
        row.save(force_insert=True)
    delegated(director, kafka.people["cfo"], kafka.entity, after=7)
    # Being out of office stands beside it, for what it leaves.
    delegated(director, None, kafka.entity)


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


@pytest.mark.parametrize("seed", range(12))
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
