"""Taking a decision back beside others: what was approved on another stage of the same group rests on nothing of it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Decision, Request
from approvals.selectors.undo import to_undo
from approvals.services.decisions import reject_stage
from approvals.services.hands import add_approver
from approvals.services.policies import load_policy
from approvals.services.undoing import take_back
from core import clock
from core.errors import Stale
from tests.factories.approvals import MONDAY, everything, held, read_yaml, stages_of, submitted
from tests.factories.undoing import ASKED, ZERO, answer, approve, later
from tests.fixtures.approvals import House


@pytest.fixture(autouse=True)
def now() -> Iterator[datetime]:
    """Let it be Monday at ten."""
    with clock.at(MONDAY) as moment:
        yield moment


def three(house: House, *stages: Any) -> Request:
    """Return a request whose first three stages run side by side, and `stages` after them."""
    document = read_yaml("demo/policies/kafka.yaml")
    together = {"side_by_side": ["tech_lead", "finance", "program_director"]}
    document["rules"][2]["stages"] = [together, *stages]
    load_policy(document=document, entity=house.entity, actor=None)
    return submitted(house.engineer, house.account, kind="infrastructure")


def _voids(decision: Decision) -> Any:
    return Decision.objects.filter(pk=decision.pk).update(voided_at=MONDAY, voided_by=decision.person)


def test_what_was_approved_beside_it_stands(kafka: House) -> None:
    request = three(kafka, "cfo")
    first, second, third = stages_of(request)[:3]
    decision, other = approve(first), approve(second)
    assert decision in to_undo(decision.decider, now=MONDAY)

    with later(30):
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert [stage.state for stage in stages_of(request)] == ["assigned", "approved", "assigned", "waiting"]
    other.refresh_from_db()
    assert other.voided_at is None
    again = approve(first)
    assert (again.slot, again.person) == (1, decision.person)
    approve(third)
    assert [stage.state for stage in stages_of(request)] == ["approved", "approved", "approved", "assigned"]


def test_both_are_taken_back_in_either_order(kafka: House) -> None:
    request = three(kafka)
    first, second = stages_of(request)[:2]
    decisions = [approve(first), approve(second)]

    for decision in decisions:
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert [stage.state for stage in stages_of(request)] == ["assigned", "assigned", "assigned"]
    assert held(kafka.account) == (ASKED, ZERO)


@pytest.mark.parametrize("stages", [(), ("cfo",)])
def test_once_all_have_answered_what_followed_rests_on_each(kafka: House, stages: Any) -> None:
    request = three(kafka, *stages)
    decisions = [approve(stage) for stage in stages_of(request)[:3]]
    before = everything()

    for decision in decisions[:2]:
        with pytest.raises(Stale, match="all who were asked beside one another have answered"):
            take_back(decision_id=decision.pk, actor=decision.decider)
        with pytest.raises(DatabaseError, match="rests on it"), transaction.atomic():
            _voids(decision)
        assert decision not in to_undo(decision.decider, now=MONDAY)

    assert everything() == before
    # The last one is nobody's ground, and is taken back; then so are the others.
    for decision in reversed(decisions):
        take_back(decision_id=decision.pk, actor=decision.decider)
    assert [stage.state for stage in stages_of(request)][:3] == ["assigned"] * 3


def test_a_no_beside_it_has_ended_the_request(kafka: House) -> None:
    request = three(kafka)
    first, second = stages_of(request)[:2]
    decision = approve(first)
    no = answer(reject_stage, second)
    before = everything()

    with pytest.raises(Stale, match="rejected it after you"):
        take_back(decision_id=decision.pk, actor=decision.decider)
    with pytest.raises(DatabaseError, match="rests on it"), transaction.atomic():
        _voids(decision)
    assert everything() == before

    take_back(decision_id=no.pk, actor=no.decider)
    take_back(decision_id=decision.pk, actor=decision.decider)
    assert [stage.state for stage in stages_of(request)] == ["assigned"] * 3


def test_a_second_answer_on_the_same_stage_rests_on_the_first(kafka: House) -> None:
    request = three(kafka)
    stage = stages_of(request)[0]
    sponsor = kafka.people["executive_sponsor"]
    add_approver(stage_id=stage.pk, actor=stage.owner, person_id=sponsor.pk, reason="It is dear.")
    decision = approve(stage)
    approve(stage, sponsor)

    with pytest.raises(Stale, match="rests on yours"):
        take_back(decision_id=decision.pk, actor=decision.decider)
    with pytest.raises(DatabaseError, match="rests on it"), transaction.atomic():
        _voids(decision)


def test_a_decision_is_not_born_taken_back(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    with pytest.raises(DatabaseError, match="before it is taken back"), transaction.atomic():
        Decision.objects.create(
            request=request,
            round=1,
            stage=stage,
            slot=1,
            person=stage.owner,
            verdict="approve",
            decided_at=MONDAY,
            undo_until=MONDAY.replace(second=50),
            voided_at=MONDAY,
            voided_by=stage.owner,
        )
