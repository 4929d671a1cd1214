"""What is not taken back: too late, by somebody else, or what others built on; in the services and in the database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Decision, Request, Stage
from approvals.services.decisions import reject_stage, send_back
from approvals.services.hands import hand_over
from approvals.services.policies import load_policy
from approvals.services.questions import ask_question
from approvals.services.requests import save_draft, withdraw_request
from approvals.services.undoing import take_back
from budgets.services.periods import close_period
from core import clock
from core.errors import ClosedPeriod, InvalidInput, NoFunds, NotFound, Stale, WrongState
from tests.factories.approvals import MARCH, MONDAY, asked, everything, read_yaml, stages_of, submitted
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.factories.undoing import answer, approve, later
from tests.fixtures.approvals import House


@pytest.fixture(autouse=True)
def now() -> Iterator[datetime]:
    """Let it be Monday at ten."""
    with clock.at(MONDAY) as moment:
        yield moment


@pytest.mark.parametrize(("seconds", "error"), [(59.9, None), (60, WrongState), (3600, WrongState)])
def test_the_window_ends(kafka: House, seconds: float, error: type[Exception] | None) -> None:
    decision = approve(stages_of(submitted(kafka.engineer, kafka.account))[0])
    before = everything()

    with later(seconds):
        if error is None:
            take_back(decision_id=decision.pk, actor=decision.decider)
            return
        with pytest.raises(error, match="within 60 seconds"):
            take_back(decision_id=decision.pk, actor=decision.decider)

    assert everything() == before


@pytest.mark.parametrize(
    ("document", "stage", "window"), [({}, {}, 60), ({"undo_window": 0}, {}, 0), ({"undo_window": 300}, {"undo_window": 5}, 5)]
)
def test_the_policy_says_how_long(kafka: House, document: Any, stage: Any, window: int) -> None:
    said = read_yaml("demo/policies/kafka.yaml") | document
    said["rules"][1]["stages"] = [{"role": "program_director"} | stage]
    load_policy(document=said, entity=kafka.entity, actor=None)

    decision = approve(stages_of(submitted(kafka.engineer, kafka.account))[0])

    assert decision.undo_until == (MONDAY + timedelta(seconds=window) if window else None)
    if not window:
        with pytest.raises(WrongState, match="final"):
            take_back(decision_id=decision.pk, actor=decision.decider)


@pytest.mark.parametrize("window", [-1, 86_401, "60 seconds", 1.5, True])
def test_a_window_is_a_number_of_seconds_up_to_a_day(kafka: House, window: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        load_policy(document=read_yaml("demo/policies/kafka.yaml") | {"undo_window": window}, entity=kafka.entity, actor=None)
    assert list(refusal.value.details) == ["undo_window"]


def test_it_is_taken_back_once(kafka: House) -> None:
    decision = approve(stages_of(submitted(kafka.engineer, kafka.account))[0])
    take_back(decision_id=decision.pk, actor=decision.decider)
    before = everything()

    with pytest.raises(Stale, match="already"):
        take_back(decision_id=decision.pk, actor=decision.decider)
    with pytest.raises(NotFound):
        take_back(decision_id=decision.pk + 999, actor=decision.decider)

    assert everything() == before


def _next_decides(request: Request, house: House) -> None:
    approve(stages_of(request)[1])


def _next_asks(request: Request, house: House) -> None:
    stage = stages_of(request)[1]
    ask_question(stage_id=stage.pk, actor=stage.owner, person_id=house.engineer.pk, text="Why now?")


def _next_hands_over(request: Request, house: House) -> None:
    stage, other = stages_of(request)[1], UserFactory.create()
    assign(other, stage.role_code, house.entity)
    hand_over(stage_id=stage.pk, actor=stage.owner, person_id=other.pk, reason="Away.")


def _withdrawn(request: Request, house: House) -> None:
    withdraw_request(request_id=request.pk, actor=house.engineer)


@pytest.mark.parametrize("follow", [_next_decides, _next_asks, _next_hands_over, _withdrawn])
def test_what_others_built_on_stays(kafka: House, follow: Any) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    decision = approve(stages_of(request)[0])
    follow(request, kafka)
    before = everything()

    with pytest.raises(Stale):
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert everything() == before


def test_what_its_requester_has_begun_to_change_stays_sent_back(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    decision = answer(send_back, stages_of(request)[0])
    with later(5):
        data = asked(kafka.account, title="Fewer licences")
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=request.pk)
    before = everything()

    with later(10), pytest.raises(Stale, match="begun to change"):
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert everything() == before


def test_money_that_somebody_took_meanwhile_is_not_taken_from_them(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "600000", kind="scope_change")
    decision = answer(reject_stage, stages_of(request)[0])
    move(kafka.account, "reserved", "600000", month=MARCH)
    before = everything()

    with pytest.raises(NoFunds), transaction.atomic():
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert everything() == before
    assert Request.objects.get(pk=request.pk).state == "rejected"


def test_a_month_that_was_closed_meanwhile_stays_as_it_is(kafka: House) -> None:
    decision = approve(stages_of(submitted(kafka.engineer, kafka.account))[0])
    close_period(entity=kafka.entity, month=MARCH, actor=kafka.people["finance"])
    before = everything()

    with pytest.raises(ClosedPeriod), transaction.atomic():
        take_back(decision_id=decision.pk, actor=decision.decider)

    assert everything() == before


# What the database holds by itself.


def refused(step: Any, match: str) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        step()


def void(decision: Decision, **more: Any) -> Any:
    told = {"voided_at": MONDAY + timedelta(seconds=5), "voided_by": decision.person} | more
    return lambda: Decision.objects.filter(pk=decision.pk).update(**told)


def test_the_database_lets_nobody_void_another_persons_decision_nor_too_late(kafka: House) -> None:
    decision = approve(stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))[0])

    refused(void(decision, voided_by=kafka.people["cfo"]), "by whoever made it")
    refused(void(decision, voided_at=MONDAY + timedelta(seconds=60)), "within its window")
    refused(void(decision, voided_at=MONDAY - timedelta(seconds=1)), "within its window")
    approve(stages_of(decision.request)[1])
    refused(void(decision), "rests on it")


def test_the_databases_own_clock_counts_whatever_moment_is_stated(kafka: House) -> None:
    """The window on the row is over by the database's clock, though the moment that is stated lies within it."""
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    with transaction.atomic():
        decision = Decision.objects.create(
            request=request,
            round=1,
            stage=stage,
            slot=1,
            person=stage.owner,
            verdict="approve",
            digest=request.digest,
            decided_at=MONDAY,
            undo_until=MONDAY + timedelta(microseconds=1),
        )
        refused(void(decision, voided_at=MONDAY), "within its window")
        transaction.set_rollback(True)


def test_nothing_goes_back_without_a_decision_that_is_taken_back(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    approve(first)
    rows = Stage.objects.filter(pk=first.pk)
    refused(lambda: rows.update(state="assigned"), "taken back")
    refused(lambda: Stage.objects.filter(pk=second.pk).update(state="waiting", assigned_at=None), "taken back")
    approve(stages_of(request)[1])
    for more in ({}, {"reopened": 1}):
        refused(lambda more=more: Request.objects.filter(pk=request.pk).update(state="submitted", **more), "taken back")


def test_a_decision_is_recorded_by_the_databases_clock(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    decision = approve(stages_of(request)[0])
    refused(lambda: Decision.objects.filter(pk=decision.pk).update(recorded_at=MONDAY + timedelta(days=900)), "pgtrigger")
    refused(lambda: Decision.objects.filter(pk=decision.pk).update(undo_until=MONDAY + timedelta(hours=5)), "pgtrigger")
    decision.refresh_from_db()
    assert decision.recorded_at > MONDAY + timedelta(days=30)
