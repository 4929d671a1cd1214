"""Two people name each other at the same moment; a delegate and the one they decide for answer at once."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError

from approvals.models import Decision, Delegation, Request
from approvals.rules.delegation import Link
from approvals.selectors.delegations import links_to_come
from approvals.services import delegations
from approvals.services.decisions import approve_stage
from approvals.services.delegations import end_delegation
from core import clock
from core.errors import Refusal, WrongState
from core.models import User
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew, delegated
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("monday")]


@pytest.fixture
def pair(kafka: House) -> tuple[User, User]:
    deputy = UserFactory.create(name="Deputy")
    assign(deputy, "deputy", kafka.entity)
    return kafka.people["program_director"], deputy


def state(person: User, delegate: User, kafka: House, **more: Any) -> Delegation:
    """Threads have a clock of their own."""
    with clock.at(MONDAY):
        return delegated(person, delegate, kafka.entity, **more)


def test_without_the_lock_two_close_a_circle(kafka: House, pair: tuple[User, User], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair
    met = threading.Barrier(2)

    def read_both(*args: Any, **kwargs: Any) -> list[Link]:
        found = links_to_come(*args, **kwargs)
        met.wait(timeout=20)
        return found

    monkeypatch.setattr(delegations, "links_to_come", read_both)
    monkeypatch.setattr(delegations, "lock_delegations", lambda entity_id: None)
    at_once(lambda: state(one, other, kafka), lambda: state(other, one, kafka))
    assert Delegation.objects.count() == 2


def test_of_two_who_name_each_other_one_is_refused(kafka: House, pair: tuple[User, User]) -> None:
    one, other = pair
    outcomes = at_once(lambda: state(one, other, kafka), lambda: state(other, one, kafka))
    assert {type(outcome) for outcome in outcomes} == {Delegation, WrongState}
    assert Delegation.objects.count() == 1


@pytest.mark.parametrize(
    "kinds", [([], []), (["vendor_payment"], []), (["vendor_payment", "infrastructure"], ["infrastructure"])]
)
def test_of_two_for_the_same_at_once_without_the_lock_one_runs_into_the_wall(
    kafka: House, pair: tuple[User, User], monkeypatch: pytest.MonkeyPatch, kinds: tuple[list[str], list[str]]
) -> None:
    one, other = pair
    met = threading.Barrier(2)

    def read_both(row: Delegation) -> None:
        met.wait(timeout=20)

    monkeypatch.setattr(delegations, "_refuse_overlap", read_both)
    monkeypatch.setattr(delegations, "lock_delegations", lambda entity_id: None)
    cfo = kafka.people["cfo"]
    outcomes = at_once(
        lambda: state(one, other, kafka, kinds=kinds[0]),
        lambda: state(one, cfo, kafka, kinds=kinds[1]),
    )
    assert {type(outcome) for outcome in outcomes} == {Delegation, IntegrityError}
    assert Delegation.objects.count() == 1


def test_two_for_the_same_at_once_are_one_and_a_refusal_and_two_for_others_are_two(kafka: House, pair: tuple[User, User]) -> None:
    one, other = pair
    cfo = kafka.people["cfo"]
    outcomes = at_once(lambda: state(one, other, kafka), lambda: state(one, cfo, kafka))
    assert {type(outcome) for outcome in outcomes} == {Delegation, WrongState}
    end_delegation(delegation_id=Delegation.objects.get().pk, actor=one)
    outcomes = at_once(
        lambda: state(one, other, kafka, kinds=["vendor_payment"]), lambda: state(one, cfo, kafka, kinds=["infrastructure"])
    )
    assert {type(outcome) for outcome in outcomes} == {Delegation}


def test_a_delegate_and_the_other_answer_at_once_and_one_counts(kafka: House, pair: tuple[User, User]) -> None:
    one, other = pair
    delegated(one, other, kafka.entity)
    request = submitted(kafka.engineer, kafka.account)
    [stage] = stages_of(request)

    def answer(person: User) -> Decision:
        with clock.at(MONDAY):
            return approve_stage(stage_id=stage.pk, actor=anew(person), digest=request.digest)

    outcomes = at_once(lambda: answer(one), lambda: answer(other))
    assert {type(outcome) for outcome in outcomes if not isinstance(outcome, Refusal)} == {Decision}
    assert Decision.objects.count() == 1
    request.refresh_from_db()
    assert request.state == Request.State.APPROVED
