"""How long a person's decisions wait: told to them and to whoever leads them."""

from datetime import timedelta

import pytest
from django.test import Client

from approvals.models import Manager
from approvals.selectors.pace import paces_of
from approvals.services.decisions import approve_stage
from approvals.services.hands import hand_over
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
HOUR = timedelta(hours=1)


def decided(kafka: House, hours: int) -> User:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    with clock.at(MONDAY + hours * HOUR):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    return stage.owner


def test_figures_are_of_the_own_decisions_and_of_what_waits(kafka: House) -> None:
    owner = decided(kafka, 4)
    for hours in (10, 90):
        decided(kafka, hours)
    submitted(kafka.engineer, kafka.account, "1300")

    now = MONDAY + timedelta(days=10)
    [own] = paces_of(owner, kafka.entity, since=MONDAY, until=now)

    assert own.figures is not None
    assert (own.figures.decisions, own.figures.median_hours, own.figures.late) == (3, 10.0, 1)
    assert (own.waiting, own.overdue, own.oldest) == (1, 1, MONDAY)
    [other] = paces_of(kafka.engineer, kafka.entity, since=MONDAY, until=now)
    assert (other.figures, other.waiting) == (None, 0)


def test_a_wait_begins_when_it_was_handed_over(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    colleague = UserFactory.create(name="Colleague")
    assign(colleague, stage.role_code, kafka.entity, kind="approver")
    with clock.at(MONDAY + 20 * HOUR):
        hand_over(stage_id=stage.pk, actor=stage.owner, person_id=colleague.pk, reason="It is yours.")
    with clock.at(MONDAY + 21 * HOUR):
        approve_stage(stage_id=stage.pk, actor=colleague, digest=request.digest)

    [own] = paces_of(colleague, kafka.entity, since=MONDAY, until=MONDAY + 30 * HOUR)

    assert own.figures is not None
    assert own.figures.median_hours == 1.0


def test_it_is_told_to_the_person_and_to_whoever_leads_them(kafka: House, administrator: User, auditor: User) -> None:
    owner = decided(kafka, 4)
    lead, stranger = kafka.people["board"], kafka.people["project_sponsor"]
    Manager.objects.create(entity=kafka.entity, person=owner, manager=lead)

    def page(person: User) -> str:
        client = Client()
        client.force_login(person)
        with clock.at(MONDAY + 8 * HOUR):
            return client.get("/pace/").content.decode()

    assert f"by {lead.name}, who leads you" in page(owner)
    assert f">{owner.name}</th>" in page(lead)
    for other in (administrator, auditor, stranger):
        assert f">{owner.name}</th>" not in page(other)


def test_an_organization_in_which_one_decides_nothing_is_not_found(kafka: House, client: Client) -> None:
    client.force_login(decided(kafka, 4))
    assert client.get("/pace/?entity=another").status_code == 404
    assert client.get(f"/pace/?entity={kafka.entity.code}&days=7").status_code == 200
