"""Taking a decision back: all that it did is undone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals.models import Decision, Request, StageMember, Timer
from approvals.services.decisions import reject_stage, send_back
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.requests import submit_request
from approvals.services.undoing import take_back
from budgets.models import Journal
from core import clock
from core.errors import NotAllowed
from core.models import AuditRecord, User
from tests.factories.approvals import MONDAY, everything, held, stages_of, submitted
from tests.factories.undoing import ASKED, ZERO, answer, approve, board, later, standing
from tests.fixtures.approvals import House


@pytest.fixture(autouse=True)
def now() -> Iterator[datetime]:
    """Let it be Monday at ten."""
    with clock.at(MONDAY) as moment:
        yield moment


@pytest.mark.parametrize("step", [reject_stage, send_back])
@pytest.mark.parametrize("kind", ["vendor_payment", "infrastructure"])
def test_a_no_is_taken_back_as_if_it_had_not_been_said(kafka: House, step: Any, kind: str) -> None:
    request = submitted(kafka.engineer, kafka.account, kind=kind)
    before = standing(request)
    decision = answer(step, stages_of(request)[0])
    assert standing(request) != before

    with later(59):
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert standing(request) == before
    decision.refresh_from_db()
    assert (decision.voided_at, decision.voided_by) == (MONDAY + timedelta(seconds=59), decision.person)


def test_the_last_approval_is_taken_back_by_a_reversing_journal(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    before = standing(request)
    decision = approve(stages_of(request)[0])
    assert held(kafka.account) == (ZERO, ASKED)

    take_back(decision_id=decision.pk, actor=decision.decider)

    assert standing(request) == before
    commit, reversal = Journal.objects.filter(source_type="request").order_by("id")[1:]
    assert (commit.kind, reversal.kind, reversal.reverses) == ("commit", "reverse", commit)


def test_a_first_approval_takes_the_next_stage_from_its_people(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    before = standing(request)
    decision = approve(stages_of(request)[0])
    second = stages_of(request)[1]
    assert second.members.get().person == second.owner

    take_back(decision_id=decision.pk, actor=decision.decider)

    assert standing(request) == before
    assert Timer.objects.filter(stage=second).exclude(state="cancelled").count() == 0
    assert StageMember.ever.get(stage=second).left_at == MONDAY
    with pytest.raises(NotAllowed):
        approve(second)


@pytest.mark.parametrize("step", [approve, lambda stage: answer(reject_stage, stage), lambda stage: answer(send_back, stage)])
def test_after_it_the_request_is_decided_as_any_other(kafka: House, step: Any) -> None:
    """Twice: the journals of each try have keys of their own."""
    request = submitted(kafka.engineer, kafka.account)
    for seconds in (10, 20):
        with later(seconds):
            decision = step(stages_of(request)[0])
            take_back(decision_id=decision.pk, actor=decision.person)
    with later(30):
        approve(stages_of(request)[0])

    assert held(kafka.account) == (ZERO, ASKED)
    request.refresh_from_db()
    assert (request.state, request.reopened, request.round) == ("approved", 2, 1)


def test_sent_back_taken_back_sent_back_and_submitted_again(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    take_back(decision_id=answer(send_back, stages_of(request)[0]).pk, actor=stages_of(request)[0].owner)
    with later(10):
        answer(send_back, stages_of(request)[0])
        submit_request(request_id=request.pk, actor=kafka.engineer)
        approve(stages_of(request)[0])

    request.refresh_from_db()
    assert (request.state, request.round, held(kafka.account)) == ("approved", 2, (ZERO, ASKED))


def test_one_of_two_approvals_is_taken_back_and_given_again(kafka: House) -> None:
    people = board(kafka)
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    approve(stage, people[0])
    second = approve(stage, people[1])
    take_back(decision_id=second.pk, actor=people[1])
    assert stages_of(request)[0].state == "assigned"

    approve(stage, people[2])

    live = Decision.objects.filter(request=request, voided_at__isnull=True)
    assert sorted(live.values_list("slot", "person")) == [(1, people[0].pk), (2, people[2].pk)]
    assert Request.objects.get(pk=request.pk).state == "approved"


def test_a_delegate_takes_back_what_they_decided_and_nobody_else_does(kafka: House, deputy: User, director: User) -> None:
    day = MONDAY.date()
    data = DelegationData(kafka.entity, director, deputy, day, day + timedelta(days=3))
    state_delegation(data=data, actor=director)
    request = submitted(kafka.engineer, kafka.account)
    decision = approve(stages_of(request)[0], deputy)
    before = everything()

    for person in (director, kafka.engineer, kafka.people["cfo"]):
        with pytest.raises(NotAllowed, match="Deputy for Program director decided this"):
            take_back(decision_id=decision.pk, actor=person)
    assert everything() == before

    take_back(decision_id=decision.pk, actor=deputy)
    # It counts for neither any more: the director may decide.
    assert approve(stages_of(request)[0], director).on_behalf_of is None


def test_the_record_says_who_took_what_back(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    decision = approve(stages_of(request)[0])
    take_back(decision_id=decision.pk, actor=decision.decider)

    told = AuditRecord.objects.get(verb="request.decision_taken_back")
    assert told.actor == decision.person
    assert told.before == {"decision": decision.pk, "verdict": "approve", "request": "approved", "stage": "approved"}
    assert told.after == {"request": "submitted", "stage": "assigned", "round": 1}
