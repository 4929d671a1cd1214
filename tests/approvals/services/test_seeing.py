"""Who sees which requests, and what waits for whom."""

import pytest

from approvals.models import Request
from approvals.rules.paths import common_path
from approvals.selectors.chains import predicted_chain
from approvals.selectors.queue import access_stage_by_id, queue_of
from approvals.selectors.requests import access_request_by_number, visible_requests
from approvals.services.decisions import approve_stage
from core.errors import InvalidInput, NotFound
from core.models import User
from tests.factories.approvals import MONDAY, asked, draft, everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def _sees(user: User, request: Request) -> bool:
    try:
        found = access_request_by_number(user, request.number)
    except NotFound:
        return False
    return found == request


def test_a_draft_is_its_requesters_alone(kafka: House, auditor: User) -> None:
    request = draft(kafka.engineer, kafka.account)

    assert _sees(kafka.engineer, request)
    assert not any(_sees(person, request) for person in (*kafka.people.values(), auditor))


def test_a_submitted_request_is_seen_by_its_deciders_those_in_scope_and_those_who_check(
    kafka: House, auditor: User, controller: User, outsider: User
) -> None:
    request = submitted(kafka.engineer, kafka.account)

    assert all(_sees(person, request) for person in (kafka.engineer, kafka.people["program_director"], auditor, controller))
    assert not _sees(outsider, request)


def test_scope_is_a_part_of_the_tree(kafka: House) -> None:
    inside, outside = UserFactory.create(), UserFactory.create()
    assign(inside, "team_lead", kafka.entity, cost_centre=kafka.budget.cost_centres["PLATFORM"])
    assign(outside, "team_lead", kafka.entity, cost_centre=kafka.budget.cost_centres["PRODUCT"])
    request = submitted(kafka.engineer, kafka.account)

    assert _sees(inside, request)
    assert not _sees(outside, request)


def test_a_decider_from_elsewhere_sees_what_they_decide_on_and_no_more(kafka: House, outsider: User) -> None:
    mine, other = submitted(kafka.engineer, kafka.account), submitted(kafka.engineer, kafka.account)
    stage = stages_of(mine)[0]
    stage.members.create(person=outsider, capacity="member")

    assert list(visible_requests(outsider)) == [mine]
    assert access_stage_by_id(outsider, stage.pk) == stage
    with pytest.raises(NotFound):
        access_stage_by_id(outsider, stages_of(other)[0].pk)
    with pytest.raises(NotFound):
        access_stage_by_id(outsider, 0)


def test_the_queue_is_what_a_person_may_decide_now_the_most_urgent_first(kafka: House) -> None:
    director = kafka.people["program_director"]
    later = submitted(kafka.engineer, kafka.account)
    urgent = submitted(kafka.people["project_manager"], kafka.account, "10", kind="team_expense")

    assert [stage.request for stage in queue_of(director)] == [urgent, later]
    assert not queue_of(kafka.engineer)

    approve_stage(stage_id=stages_of(urgent)[0].pk, actor=director, digest=urgent.digest)
    assert [stage.request for stage in queue_of(director)] == [later]


def test_what_somebody_has_answered_leaves_their_queue_while_others_are_still_asked(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    type(stage).objects.filter(pk=stage.pk).update(needed=2)

    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)

    assert not queue_of(stage.owner)


def test_the_chain_is_known_before_submitting_and_nothing_is_written(kafka: House) -> None:
    before = everything()

    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, kind="infrastructure"))

    assert everything() == before
    assert [(stage.name, stage.owner.name, stage.backup.name if stage.backup else "") for stage in found.stages] == [
        ("Tech lead", "Tech lead", "Program director"),
        ("Finance", "Finance", "Chief financial officer"),
    ]
    first, second = found.stages
    assert first.starts_at == MONDAY
    assert second.starts_at == first.due_at
    assert found.due_at == second.due_at
    assert [step.position for step in found.trace if step.chosen] == [3]
    actual = stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))
    assert [stage.owner for stage in actual] == [stage.owner for stage in found.stages]


def test_the_chain_of_what_cannot_be_is_refused(kafka: House) -> None:
    with pytest.raises(InvalidInput):
        predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "NaN"))


def test_people_are_looked_for_above_all_lines() -> None:
    assert common_path(["/A/B/C/", "/A/B/D/"]) == "/A/B/"
    assert common_path(["/A/B/", "/A/B/"]) == "/A/B/"
    assert common_path(["/A/", "/B/"]) == "/"
    assert common_path([]) == "/"
