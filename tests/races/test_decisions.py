"""Two people, or two tabs of one, answer at the same moment. Each race shows the damage without the lock, then the cure."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from psycopg.errors import DeadlockDetected

from approvals import locks
from approvals.models import Decision, Request, Stage
from approvals.services import bulk, decisions, hands
from approvals.services.decisions import approve_stage, send_back
from approvals.services.policies import load_policy
from approvals.services.requests import submit_request
from approvals.services.timers import fire_due
from budgets.models import Journal
from core.errors import NotAllowed, Refusal, Stale, WrongState
from core.models import OutboxEvent, User
from tests.factories import undoing
from tests.factories.approvals import at, draft, read_yaml, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run each step in a thread of its own, all from one barrier; return what each gave or raised."""
    barrier, outcomes = threading.Barrier(len(steps)), [None] * len(steps)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            outcomes[index] = steps[index]()
        except (Refusal, DatabaseError) as error:
            outcomes[index] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    return outcomes


@contextmanager
def without_locks(monkeypatch: pytest.MonkeyPatch, readers: int = 2) -> Iterator[None]:
    """Let a stage be read as if nobody held it, and let all readers have read before any goes on."""
    met = threading.Barrier(readers)

    def read(stage_id: int) -> tuple[Request, Stage]:
        stage = Stage.objects.get(pk=stage_id)
        request = Request.objects.select_related("entity__calendar", "requester").get(pk=stage.request_id)
        met.wait(timeout=20)
        return request, stage

    with monkeypatch.context() as patch:
        patch.setattr(decisions, "lock_stage", read)
        yield


@pytest.fixture
def board(kafka: House) -> list[User]:
    """Three people of whom any may decide."""
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][3]["stages"] = [{"role": "change_control_board", "quorum": "any"}]
    load_policy(document=document, entity=kafka.entity, actor=None)
    members = [kafka.people["change_control_board"], UserFactory.create(), UserFactory.create()]
    for member in members[1:]:
        assign(member, "change_control_board", kafka.entity)
    return members


def _approve(request: Request, person: User) -> Callable[[], Decision]:
    stage = stages_of(request)[0]
    return lambda: approve_stage(stage_id=stage.pk, actor=person, digest=request.digest)


def _errors(outcomes: list[Any]) -> list[type]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


def test_two_approvers_at_once_without_the_lock_run_into_the_wall(
    kafka: House, board: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")

    with without_locks(monkeypatch):
        outcomes = at_once(_approve(request, board[0]), _approve(request, board[1]))

    assert _errors(outcomes) == [IntegrityError]
    assert Decision.objects.count() == 1


def test_two_approvers_at_once_make_one_decision_and_one_honest_answer(kafka: House, board: list[User]) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")

    outcomes = at_once(_approve(request, board[0]), _approve(request, board[1]))

    assert _errors(outcomes) == [Stale]
    assert Decision.objects.count() == 1
    assert Journal.objects.filter(kind="commit").count() == 1
    assert OutboxEvent.objects.filter(topic="approvals.request_approved").count() == 1


def test_two_of_three_at_once_make_two_decisions_and_one_outcome(kafka: House) -> None:
    people = undoing.board(kafka, 2)
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")

    outcomes = at_once(_approve(request, people[0]), _approve(request, people[1]))

    assert _errors(outcomes) == []
    assert Decision.objects.count() == 2
    assert Journal.objects.filter(kind="commit").count() == 1
    assert OutboxEvent.objects.filter(topic="approvals.request_approved").count() == 1


def test_two_tabs_of_one_person_without_the_lock_run_into_the_wall(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    request = submitted(kafka.engineer, kafka.account)
    approve = _approve(request, kafka.people["program_director"])

    with without_locks(monkeypatch):
        outcomes = at_once(approve, approve)

    assert _errors(outcomes) == [IntegrityError]


def test_two_tabs_of_one_person_make_one_decision(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    approve = _approve(request, kafka.people["program_director"])

    outcomes = at_once(approve, approve)

    assert _errors(outcomes) == [Stale]
    assert Decision.objects.count() == 1
    assert Journal.objects.filter(kind="commit").count() == 1


def test_a_yes_and_a_send_back_at_once_end_in_one_of_them(kafka: House, board: list[User]) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]

    outcomes = at_once(
        _approve(request, board[0]),
        lambda: send_back(stage_id=stage.pk, actor=board[1], digest=request.digest, comment="Less, please."),
    )

    assert _errors(outcomes) == [Stale]
    request.refresh_from_db()
    kinds = set(Journal.objects.filter(source_type="request").values_list("kind", flat=True))
    ends = {"approved": {"reserve", "commit"}, "returned": {"reserve", "release"}}
    assert kinds == ends[request.state]


def test_two_submissions_at_once_begin_one_round(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account)

    def submit() -> Request:
        return submit_request(request_id=kept.pk, actor=kafka.engineer)

    outcomes = at_once(submit, submit)

    assert _errors(outcomes) == [WrongState]
    assert kept.rounds.count() == 1
    assert Journal.objects.filter(kind="reserve").count() == 1


def test_four_sweeps_at_once_fire_each_timer_once(kafka: House) -> None:
    with at(2026, 3, 2, 10, 0):
        for _ in range(4):
            submitted(kafka.engineer, kafka.account, "10", kind="scope_change")

    def sweep() -> int:
        with at(2026, 3, 20, 9, 0):
            return fire_due()

    outcomes = at_once(*[sweep] * 4)

    with at(2026, 3, 20, 9, 0):
        assert sum(outcomes) + fire_due() == 12
    assert OutboxEvent.objects.filter(topic="approvals.stage_escalated").count() == 4


def test_a_sweep_passes_over_a_request_in_a_deciders_hands(kafka: House) -> None:
    """The sweep never waits for a decider, so no order of locks can tie them up."""
    with at(2026, 3, 2, 10, 0):
        request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    held, swept = threading.Event(), threading.Event()

    def decide() -> None:
        from django.db import transaction

        with transaction.atomic():
            locks.lock_stage(stage.pk)
            held.set()
            assert swept.wait(timeout=20)

    def sweep() -> int:
        assert held.wait(timeout=20)
        with at(2026, 3, 20, 9, 0):
            fired = fire_due()
        swept.set()
        return fired

    assert at_once(decide, sweep) == [None, 0]
    with at(2026, 3, 20, 9, 0):
        assert fire_due() == 3


@contextmanager
def both_read_first(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As `without_locks`, for a decision and a change of hands."""
    with without_locks(monkeypatch), monkeypatch.context() as patch:
        patch.setattr(hands, "lock_stage", vars(decisions)["lock_stage"])
        yield


def _hand_over(request: Request, house: House) -> Callable[[], Any]:
    stage = stages_of(request)[0]
    other = UserFactory.create(name="Other")
    assign(other, stage.role_code, house.entity)
    return lambda: hands.hand_over(stage_id=stage.pk, actor=stage.owner, person_id=other.pk, reason="Away.")


def test_handing_over_and_deciding_at_once_without_the_lock_are_both_done_or_run_into_the_wall(
    kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submitted(kafka.engineer, kafka.account)
    steps = _approve(request, kafka.people["program_director"]), _hand_over(request, kafka)

    with both_read_first(monkeypatch):
        outcomes = at_once(*steps)

    # One person decides and another holds what is decided already; or the database finds that it asks the first no more, that
    # what is handed over is decided, or that each waits for the other at its commit, and stops one of them.
    stage = Stage.objects.get(pk=stages_of(request)[0].pk)
    stopped = [error for error in outcomes if isinstance(error, Exception)]
    assert all(isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected) for error in stopped)
    assert (stage.owner.name, stage.state, len(stopped)) in (
        ("Other", "approved", 0),
        ("Other", "assigned", 1),
        (kafka.people["program_director"].name, "approved", 1),
    )


def test_handing_over_and_deciding_at_once_end_in_one_of_them(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)

    outcomes = at_once(_approve(request, kafka.people["program_director"]), _hand_over(request, kafka))

    stage = stages_of(request)[0]
    if stage.state == Stage.State.APPROVED:
        assert (_errors(outcomes), stage.owner) == ([Stale], kafka.people["program_director"])
    else:
        assert (_errors(outcomes), stage.owner.name, Decision.objects.count()) == ([NotAllowed], "Other", 0)


def _bulk(request: Request, person: User) -> Callable[[], Any]:
    picks = [bulk.Pick(stages_of(request)[0].pk, request.digest)]
    return lambda: bulk.answer_many(picks=picks, actor=person, verdict="reject", comment="Not this year.")


def test_one_of_several_and_a_single_answer_at_once_without_the_lock_run_into_the_wall(
    kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submitted(kafka.engineer, kafka.account)
    person = kafka.people["program_director"]

    with without_locks(monkeypatch):
        single, several = at_once(_approve(request, person), _bulk(request, person))

    # Whichever came second was stopped by the database; a person is told so, in words or by the error.
    assert isinstance(single, Exception) != (several[0].word == "not done")
    assert Decision.objects.count() == 1


def test_one_of_several_and_a_single_answer_at_once_make_one_decision(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    person = kafka.people["program_director"]

    single, several = at_once(_approve(request, person), _bulk(request, person))

    assert isinstance(single, Stale) != (several[0].word == "changed meanwhile")
    assert Decision.objects.count() == 1
