"""Stages owned by a person, a group, the managers above the requester: who is asked, who is passed over, what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import GroupPerson, Manager, PeopleGroup, Stage
from approvals.rules.document import PolicyDocument
from approvals.selectors.chains import predicted_chain
from approvals.selectors.proofs import proved, told
from approvals.selectors.queue import queue_of
from approvals.services.absences import attend
from approvals.services.decisions import approve_stage
from approvals.services.owners import drop_group, save_group, state_manager
from approvals.services.timers import fire_due
from core import clock
from core.errors import InvalidInput, Missing, NotAllowed, WrongState
from core.models import AuditRecord, RoleAssignment, User
from tests.factories.approvals import MONDAY, approve_all, asked, everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.owners import asking, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def buyer(kafka: House) -> User:
    return member(kafka.entity, "Buyer")


def _wanted(kafka: House) -> list[Stage]:
    return stages_of(submitted(kafka.engineer, kafka.account, kind="scope_change"))


def _names(kafka: House) -> list[str]:
    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, kind="scope_change"))
    return [stage.owner.name for stage in found.stages]


def test_a_person_is_asked_by_name_and_decides(kafka: House, buyer: User, director: User) -> None:
    asking(kafka.entity, {"person": buyer.email.upper(), "backup": "program_director"})
    assert _names(kafka) == ["Buyer"]
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    assert (stage.owner, stage.backup, stage.role_code) == (buyer, director, f"person:{buyer.email}")
    assert list(queue_of(buyer)) == [stage]
    assert approve_all(request).state == "approved"


@pytest.mark.parametrize("how", ["left", "lost the role", "asks for it"])
def test_who_left_or_may_not_is_passed_over_for_the_backup(kafka: House, buyer: User, director: User, how: str) -> None:
    asking(kafka.entity, {"person": buyer.email, "backup": "program_director"})
    if how == "left":
        User.objects.filter(pk=buyer.pk).update(is_active=False)
    elif how == "lost the role":
        RoleAssignment.objects.filter(user=buyer).delete()
    asker = buyer if how == "asks for it" else kafka.engineer
    stage = stages_of(submitted(asker, kafka.account, kind="scope_change"))[0]
    assert stage.owner == director


def test_without_a_backup_the_policys_contact_is_asked(kafka: House, director: User) -> None:
    asking(kafka.entity, {"person": "nobody@nowhere.example"})
    assert _wanted(kafka)[0].owner == director


def test_where_nobody_at_all_is_left_it_is_refused_with_whom_to_ask(kafka: House, director: User) -> None:
    asking(kafka.entity, {"person": "nobody@nowhere.example"})
    before = everything()
    with pytest.raises(Missing, match=r"nobody@nowhere\.example is not here") as refused:
        predicted_chain(requester=director, entity=kafka.entity, data=asked(kafka.account, kind="scope_change"))
    assert (refused.value.code, everything()) == ("no_owner", before)


def test_whoever_loses_every_role_while_it_waits_is_covered_at_once(kafka: House, buyer: User, director: User) -> None:
    asking(kafka.entity, {"person": buyer.email})
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    assert attend() == 0
    RoleAssignment.objects.filter(user=buyer).delete()
    assert attend() == 1
    stage = stages_of(request)[0]
    assert stage.covered_why == "Buyer holds no role any more that decides here."
    assert set(stage.members.values_list("person", flat=True)) == {buyer.pk, director.pk}
    with pytest.raises(NotAllowed, match="no longer hold a role"):
        approve_stage(stage_id=stage.pk, actor=buyer, digest=request.digest)
    approve_stage(stage_id=stage.pk, actor=director, digest=request.digest)
    assert attend() == 0


def test_their_own_limit_bounds_a_person_who_is_named(kafka: House, buyer: User, director: User) -> None:
    RoleAssignment.objects.filter(user=buyer).update(limit=1000)
    asking(kafka.entity, {"person": buyer.email})
    assert _wanted(kafka)[0].owner == director


def test_a_group_is_asked_in_its_order_and_by_its_quorum(kafka: House, buyer: User) -> None:
    second, third = member(kafka.entity, "Second buyer"), member(kafka.entity, "Third buyer")
    save_group(entity=kafka.entity, code="buyers", name="Buyers", people=[second, buyer, third], actor=None)
    asking(kafka.entity, {"group": "buyers", "quorum": 2})
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    assert (stage.owner, stage.needed, stage.members.count()) == (second, 2, 3)
    for person in (third, buyer):
        approve_stage(stage_id=stage.pk, actor=person, digest=request.digest)
    request.refresh_from_db()
    assert request.state == "approved"


def test_a_group_is_kept_by_its_administrators_and_stays_while_a_policy_asks_it(
    kafka: House, buyer: User, administrator: User, outsider: User
) -> None:
    kept: dict[str, Any] = {"entity": kafka.entity, "code": "buyers", "name": "Buyers"}
    for actor in (buyer, outsider):
        with pytest.raises(NotAllowed):
            save_group(**kept, people=[buyer], actor=actor)
    for people, name, code in (([], "Buyers", "buyers"), ([outsider], "Buyers", "buyers"), ([buyer], " ", "Buy ers")):
        with pytest.raises(InvalidInput):
            save_group(entity=kafka.entity, code=code, name=name, people=people, actor=administrator)
    assert not PeopleGroup.objects.exists()
    group = save_group(**kept, people=[buyer, buyer], actor=administrator)
    assert GroupPerson.objects.filter(group=group).count() == 1
    save_group(**kept, people=[buyer], actor=administrator)
    assert AuditRecord.objects.filter(verb="people_group.saved").count() == 1
    asking(kafka.entity, {"group": "buyers"})
    with pytest.raises(WrongState, match="asks this group"):
        drop_group(group_id=group.pk, actor=administrator)
    asking(kafka.entity, "finance")
    drop_group(group_id=group.pk, actor=administrator)
    assert not PeopleGroup.objects.exists()


def test_managers_are_asked_one_above_the_other_as_far_as_there_are_any(kafka: House, buyer: User, director: User) -> None:
    lead, head = member(kafka.entity, "Lead"), member(kafka.entity, "Head")
    asking(kafka.entity, {"managers": 3}, "finance")
    assert _names(kafka) == [director.name, kafka.people["finance"].name]
    state_manager(entity=kafka.entity, person=kafka.engineer, manager=lead, actor=None)
    state_manager(entity=kafka.entity, person=lead, manager=head, actor=None)
    assert _names(kafka) == ["Lead", "Head", kafka.people["finance"].name]
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stages = stages_of(request)
    assert [(stage.number, stage.group, stage.state) for stage in stages] == [
        (1, 1, "assigned"),
        (2, 2, "waiting"),
        (3, 3, "waiting"),
    ]
    # The chain is read anew as each step is put before somebody.
    state_manager(entity=kafka.entity, person=lead, manager=buyer, actor=None)
    approve_stage(stage_id=stages[0].pk, actor=lead, digest=request.digest)
    assert stages_of(request)[1].owner == buyer


def test_a_manager_who_is_away_from_the_house_gives_way_to_the_backup(kafka: House, director: User) -> None:
    lead = member(kafka.entity, "Lead")
    state_manager(entity=kafka.entity, person=kafka.engineer, manager=lead, actor=None)
    asking(kafka.entity, {"managers": 1, "backup": "program_director"})
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    with clock.at(MONDAY + timedelta(days=4)):
        fire_due()
    assert stages_of(request)[0].backup == director
    User.objects.filter(pk=lead.pk).update(is_active=False)
    assert _names(kafka) == [director.name]


def test_managers_form_no_circle_in_the_domain_nor_in_the_database(kafka: House, buyer: User) -> None:
    lead, head = member(kafka.entity, "Lead"), member(kafka.entity, "Head")
    for person, manager in ((buyer, lead), (lead, head)):
        state_manager(entity=kafka.entity, person=person, manager=manager, actor=None)
    with pytest.raises(WrongState, match="closes a circle: above Head would stand Buyer, then Lead, and above them Head again"):
        state_manager(entity=kafka.entity, person=head, manager=buyer, actor=None)
    with pytest.raises(InvalidInput, match="their own manager"):
        state_manager(entity=kafka.entity, person=head, manager=head, actor=None)
    with pytest.raises(DatabaseError, match="their own manager"), transaction.atomic():
        Manager.objects.create(entity=kafka.entity, person=head, manager=buyer)
    with pytest.raises(DatabaseError, match="their own manager"), transaction.atomic():
        Manager.objects.filter(person=lead).update(manager=buyer)
    assert dict(Manager.objects.values_list("person__name", "manager__name")) == {"Buyer": "Lead", "Lead": "Head"}
    state_manager(entity=kafka.entity, person=lead, manager=None, actor=None)
    state_manager(entity=kafka.entity, person=head, manager=buyer, actor=None)
    assert AuditRecord.objects.filter(verb="manager.stated").count() == 4


def test_managers_are_stated_for_people_of_the_house_by_its_administrators(kafka: House, buyer: User, outsider: User) -> None:
    with pytest.raises(InvalidInput, match="holds no role"):
        state_manager(entity=kafka.entity, person=buyer, manager=outsider, actor=None)
    with pytest.raises(NotAllowed):
        state_manager(entity=kafka.entity, person=buyer, manager=kafka.engineer, actor=kafka.people["finance"])
    assert not Manager.objects.exists()


def test_the_proof_says_which_of_these_stages_nobody_fills(kafka: House, buyer: User) -> None:
    lead = member(kafka.entity, "Lead")
    state_manager(entity=kafka.entity, person=kafka.engineer, manager=lead, actor=None)
    stages = ({"managers": 1}, {"group": "gone"}, {"person": buyer.email})
    version = asking(kafka.entity, *stages, contact="executive_sponsor")
    RoleAssignment.objects.filter(role__code="executive_sponsor").delete()
    sentences = told(proved(PolicyDocument.model_validate(version.document), kafka.entity))["unfillable"]
    scope = [each for each in sentences if each.startswith("Scope change")]
    assert any("no manager above the requester" in each or "of the group gone" in each for each in scope)
    save_group(entity=kafka.entity, code="gone", name="Back again", people=[UserFactory.create(), buyer][1:], actor=None)
    assign(UserFactory.create(name="Sponsor"), "executive_sponsor", kafka.entity, kind="executive")
    sentences = told(proved(PolicyDocument.model_validate(version.document), kafka.entity))["unfillable"]
    assert not any("of the group gone" in each for each in sentences)
