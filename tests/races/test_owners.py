"""A committee's last votes at the same moment, and two managers above each other: the damage without the lock, then the cure."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from approvals.models import Decision, Manager, Request
from approvals.services.decisions import approve_stage
from approvals.services.owners import state_manager
from budgets.models import Journal
from core.errors import Stale, WrongState
from core.models import OutboxEvent, User
from tests.factories.approvals import at, stages_of, submitted
from tests.factories.owners import asking, committee, member
from tests.fixtures.approvals import House
from tests.races.test_decisions import _errors, at_once, without_locks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(kafka: House) -> list[User]:
    """A chair and two members, of whom two must approve."""
    found = [member(kafka.entity, name) for name in ("Chair", "Ann", "Bob")]
    asking(kafka.entity, {"committee": "budget"})
    with at(2026, 3, 2, 10, 0):
        committee(kafka.entity, found[0], found[1:], counts_noes=True)
    return found


def _vote(request: Request, person: User) -> Callable[[], Decision]:
    stage = stages_of(request)[0]
    return lambda: approve_stage(stage_id=stage.pk, actor=person, digest=request.digest)


def _outcome(request: Request) -> tuple[str, int, int, int]:
    request.refresh_from_db()
    told = OutboxEvent.objects.filter(topic="approvals.request_approved").count()
    return request.state, Decision.objects.count(), Journal.objects.filter(kind="commit").count(), told


def test_two_last_votes_at_once_without_the_lock_run_into_the_wall(
    kafka: House, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    _vote(request, people[0])()
    with without_locks(monkeypatch):
        outcomes = at_once(_vote(request, people[1]), _vote(request, people[2]))
    assert _errors(outcomes) == [IntegrityError]
    assert _outcome(request)[1:3] == (2, 1)


def test_two_last_votes_at_once_come_to_one_outcome(kafka: House, people: list[User]) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    _vote(request, people[0])()
    outcomes = at_once(_vote(request, people[1]), _vote(request, people[2]))
    assert _errors(outcomes) == [Stale]
    assert _outcome(request) == ("approved", 2, 1, 1)


def test_two_votes_at_once_are_both_counted(kafka: House, people: list[User]) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    outcomes = at_once(_vote(request, people[1]), _vote(request, people[2]))
    assert _errors(outcomes) == []
    assert _outcome(request) == ("approved", 2, 1, 1)
    assert set(request.decisions.values_list("slot", flat=True)) == {1, 2}


def _above(kafka: House, person: User, manager: User) -> Callable[[], object]:
    return lambda: state_manager(entity=kafka.entity, person=person, manager=manager, actor=None)


def test_two_managers_above_each_other_at_once_without_the_lock_run_into_the_wall(kafka: House, people: list[User]) -> None:
    def insert(person: User, manager: User) -> Callable[[], object]:
        def run() -> object:
            with transaction.atomic():
                return Manager.objects.create(entity=kafka.entity, person=person, manager=manager)

        return run

    outcomes = at_once(insert(people[0], people[1]), insert(people[1], people[0]))
    assert [issubclass(each, DatabaseError) for each in _errors(outcomes)] == [True]
    assert Manager.objects.count() == 1


def test_two_managers_above_each_other_at_once_are_one(kafka: House, people: list[User]) -> None:
    outcomes = at_once(_above(kafka, people[0], people[1]), _above(kafka, people[1], people[0]))
    assert _errors(outcomes) == [WrongState]
    assert Manager.objects.count() == 1
