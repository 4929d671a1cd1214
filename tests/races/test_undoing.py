"""A decision is taken back while somebody acts on it: one of the two is done, and the other is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Decision, Request, Stage
from approvals.services import decisions, undoing
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from approvals.services.undoing import take_back
from budgets.models import Journal
from core import clock
from core.errors import Stale, WrongState
from core.models import Notice
from core.services import outbox
from tests.factories.approvals import MONDAY, held, read_yaml, stages_of, submitted
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def decided(house: House, kind: str = "infrastructure") -> Decision:
    """Return a decision on the first stage of a request, made on Monday at ten."""
    with clock.at(MONDAY):
        request = submitted(house.engineer, house.account, kind=kind)
        stage = stages_of(request)[0]
        outbox.drain()
        return approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)


def _undo(decision: Decision, seconds: float = 5) -> Callable[[], Any]:
    def undo() -> Decision:
        with clock.at(MONDAY + timedelta(seconds=seconds)):
            return take_back(decision_id=decision.pk, actor=decision.decider)

    return undo


def _next(decision: Decision) -> Callable[[], Any]:
    stage = stages_of(decision.request)[1]

    def approve() -> Decision:
        with clock.at(MONDAY + timedelta(seconds=5)):
            return approve_stage(stage_id=stage.pk, actor=stage.owner, digest=decision.digest)

    return approve


def beside(house: House) -> tuple[Decision, Stage]:
    """Return a decision on one of two stages side by side, and the other stage, which would be the last."""
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][2]["stages"] = [{"side_by_side": ["tech_lead", "finance"]}]
    with clock.at(MONDAY):
        load_policy(document=document, entity=house.entity, actor=None)
    decision = decided(house)
    return decision, stages_of(decision.request)[1]


def _approve(stage: Stage) -> Callable[[], Any]:
    def approve() -> Decision:
        with clock.at(MONDAY + timedelta(seconds=5)):
            return approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest)

    return approve


def _errors(outcomes: list[Any]) -> list[type]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


@contextmanager
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let two read as if nobody held the request, and both have read before any goes on."""
    met = threading.Barrier(2)

    def stage_of(stage_id: int) -> tuple[Request, Stage]:
        stage = Stage.objects.get(pk=stage_id)
        return Request.objects.select_related("entity__calendar", "requester").get(pk=stage.request_id), stage

    def read_stage(stage_id: int) -> tuple[Request, Stage]:
        found = stage_of(stage_id)
        met.wait(timeout=20)
        return found

    def read_decision(decision_id: int) -> tuple[Request, Stage, Decision]:
        decision = Decision.objects.select_related("person").get(pk=decision_id)
        assert decision.stage_id is not None
        found = stage_of(decision.stage_id)
        met.wait(timeout=20)
        return *found, decision

    with monkeypatch.context() as patch:
        patch.setattr(decisions, "lock_stage", read_stage)
        patch.setattr(undoing, "lock_decision", read_decision)
        yield


def test_taken_back_twice_at_once_without_the_lock_runs_into_the_wall(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(kafka, "vendor_payment")

    with without_locks(monkeypatch):
        outcomes = at_once(_undo(decision), _undo(decision))

    assert [issubclass(error, DatabaseError) for error in _errors(outcomes)] == [True]
    assert Journal.objects.filter(kind="reverse").count() == 1


def test_taken_back_twice_at_once_is_taken_back_once(kafka: House) -> None:
    decision = decided(kafka, "vendor_payment")

    outcomes = at_once(_undo(decision), _undo(decision))

    assert _errors(outcomes) == [Stale]
    assert Journal.objects.filter(kind="reverse").count() == 1
    assert held(kafka.account) == (Decimal(1200), Decimal(0))


def test_taking_back_and_the_next_decision_at_once_without_the_lock_run_into_the_wall(
    kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock in Python it is a trigger that stops one of them: neither is half done."""
    decision = decided(kafka)

    with without_locks(monkeypatch):
        outcomes = at_once(_undo(decision), _next(decision))

    assert [issubclass(error, DatabaseError) for error in _errors(outcomes)] == [True]


def test_taking_back_and_the_next_decision_at_once_end_in_one_of_them(kafka: House) -> None:
    decision = decided(kafka)

    outcomes = at_once(_undo(decision), _next(decision))

    request, live = Request.objects.get(pk=decision.request_id), Decision.objects.filter(voided_at__isnull=True).count()
    assert len(_errors(outcomes)) == 1
    ends = {"approved": ([Stale], 2, "commit"), "submitted": (_errors(outcomes), 0, "reserve")}
    errors, count, last = ends[request.state]
    assert (_errors(outcomes), live) == (errors, count)
    assert Journal.objects.filter(source_type="request").latest("id").kind == last


def _fits_together(decision: Decision, other: Stage, *, refused: list[type]) -> None:
    """Assert that either both stand and the money is committed, or the first waits again beside the other's answer."""
    request, (first, second) = Request.objects.get(pk=decision.request_id), stages_of(decision.request)
    assert second.state == "approved"
    if refused:
        assert (request.state, first.state) == ("approved", "approved")
        assert held(request.lines.get().account) == (Decimal(0), Decimal(1200))
    else:
        assert (request.state, first.state) == ("submitted", "assigned")
        assert held(request.lines.get().account) == (Decimal(1200), Decimal(0))


def test_taking_back_and_the_last_answer_beside_it_at_once_fit_together(kafka: House) -> None:
    decision, other = beside(kafka)

    outcomes = at_once(_undo(decision), _approve(other))

    assert _errors(outcomes) in ([], [Stale])
    _fits_together(decision, other, refused=_errors(outcomes))


def test_taking_back_and_the_last_answer_beside_it_without_the_lock_run_into_the_wall(
    kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read before any goes on; the trigger lets the taking back pass only where the group still waits."""
    decision, other = beside(kafka)

    with without_locks(monkeypatch):
        outcomes = at_once(_undo(decision), _approve(other))

    errors = _errors(outcomes)
    assert all(issubclass(error, DatabaseError | Stale) for error in errors)
    assert len(errors) <= 1
    _fits_together(decision, other, refused=errors)


def test_two_side_by_side_are_taken_back_at_once(kafka: House) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][2]["stages"] = [{"side_by_side": ["tech_lead", "finance", "program_director"]}]
    with clock.at(MONDAY):
        load_policy(document=document, entity=kafka.entity, actor=None)
    decision = decided(kafka)
    other = _approve(stages_of(decision.request)[1])()

    assert _errors(at_once(_undo(decision, 6), _undo(other, 6))) == []

    assert [stage.state for stage in stages_of(decision.request)] == ["assigned"] * 3
    assert Decision.objects.filter(voided_at__isnull=True).count() == 0


def test_once_it_is_taken_back_nothing_else_goes_back(kafka: House) -> None:
    """The transaction that took it back may let stages go back; no later one may, though the request stands as it left it."""
    decision = decided(kafka)
    _undo(decision)()
    first, second = stages_of(decision.request)
    request = Request.objects.get(pk=decision.request_id)
    voided = Decision.objects.get(pk=decision.pk).voided_at
    assert request.updated_at == voided

    with pytest.raises(DatabaseError, match="goes back only as"):
        Stage.objects.filter(pk=first.pk).update(state="waiting", assigned_at=None, due_at=None)
    with clock.at(MONDAY + timedelta(seconds=6)):
        for stage in (first, second):
            stage = Stage.objects.get(pk=stage.pk)
            approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    with pytest.raises(DatabaseError, match="reopens only as"):
        Request.objects.filter(pk=request.pk).update(state="submitted", reopened=1, updated_at=voided)
    with pytest.raises(DatabaseError, match="Cannot update"):
        Decision.objects.filter(pk=decision.pk).update(voided_in=1)


def test_at_the_windows_end_either_it_is_taken_back_or_people_are_told(kafka: House) -> None:
    """The one who tells waits for the one who takes back, whose moment was still within the window."""
    decision = decided(kafka, "vendor_payment")
    locked, asked = threading.Event(), threading.Event()

    def undo() -> None:
        with clock.at(MONDAY + timedelta(seconds=59.9)), transaction.atomic():
            take_back(decision_id=decision.pk, actor=decision.decider)
            locked.set()
            # The other one has begun; it cannot go on before this ends.
            assert asked.wait(timeout=20)

    def tell() -> int:
        assert locked.wait(timeout=20)
        with clock.at(MONDAY + timedelta(seconds=60)):
            asked.set()
            return outbox.drain()

    before = Notice.objects.filter(kind="approvals.approved").count()
    assert _errors(at_once(undo, tell)) == []
    assert Notice.objects.filter(kind="approvals.approved").count() == before
    with clock.at(MONDAY + timedelta(seconds=60)):
        assert _errors([_refused(_undo(decision, 60))]) == [Stale]


def test_at_the_windows_end_without_the_lock_people_are_told_of_what_is_gone(
    kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = decided(kafka, "vendor_payment")
    taken, told = threading.Event(), threading.Event()

    def undo() -> None:
        with clock.at(MONDAY + timedelta(seconds=59.9)), transaction.atomic():
            take_back(decision_id=decision.pk, actor=decision.decider)
            taken.set()
            assert told.wait(timeout=20)

    def tell() -> None:
        assert taken.wait(timeout=20)
        with clock.at(MONDAY + timedelta(seconds=60)):
            outbox.drain()
        told.set()

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "lock_request", lambda pk: Request.objects.get(pk=pk))
        assert _errors(at_once(undo, tell)) == []

    assert Notice.objects.filter(kind="approvals.approved").count() == 1
    assert Request.objects.get(pk=decision.request_id).state == "submitted"


def test_after_the_window_everybody_is_refused(kafka: House) -> None:
    decision = decided(kafka, "vendor_payment")

    assert _errors(at_once(_undo(decision, 60), _undo(decision, 61))) == [WrongState, WrongState]


def _refused(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except WrongState as error:
        return error
