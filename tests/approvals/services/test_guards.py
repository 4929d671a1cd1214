"""The database refuses what the state machines do not allow, whoever asks it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from django_fsm import TransitionNotAllowed

from approvals.models import (
    Decision,
    PolicyRule,
    PolicyVersion,
    Request,
    RequestLine,
    Round,
    Stage,
    StageTemplate,
    Timer,
)
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from core import clock
from core.states import declared_transitions
from tests.factories.approvals import MARCH, approve_all, draft, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def refused(step: Callable[[], Any], match: str = "approvals_|pgtrigger") -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        step()


def _state_in_database(row: Model) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT state FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return str(cursor.fetchone()[0])


def _sql(statement: str, *values: Any) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return run


STATES: dict[Any, Any] = {Request: Request.State, Stage: Stage.State, Timer: Timer.State, PolicyVersion: PolicyVersion.State}


@pytest.mark.parametrize("model", STATES, ids=lambda model: model.__name__)
def test_every_step_that_is_not_declared_is_refused(kafka: House, model: type[Any]) -> None:
    """What has ended, or of a policy what has not begun, is tried in every direction, by the ORM and by plain SQL."""
    request = approve_all(submitted(kafka.engineer, kafka.account))
    stage = stages_of(request)[0]
    document = kafka.policy.document | {"name": "Another name"}
    version = load_policy(document=document, entity=kafka.entity, actor=None, publish=False)
    row: Any = {Request: request, Stage: stage, Timer: stage.timers.first(), PolicyVersion: version}[model]
    row.refresh_from_db()
    allowed = set(declared_transitions(model))
    other = [str(state) for state in STATES[model] if state != row.state and (row.state, str(state)) not in allowed]
    assert other

    for state in other:
        refused(partial(model.objects.filter(pk=row.pk).update, state=state), "Invalid transition")
        refused(_sql(f"UPDATE {model._meta.db_table} SET state = %s WHERE id = %s", state, row.pk), "Invalid transition")

    assert _state_in_database(row) == row.state


def test_bulk_update_is_refused_too(kafka: House) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))
    request.__dict__["state"] = Request.State.DRAFT

    refused(lambda: Request.objects.bulk_update([request], ["state"]), "Invalid transition")

    assert _state_in_database(request) == Request.State.APPROVED


def test_nothing_is_born_in_another_state(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account)
    for state in ("submitted", "approved"):
        row = Request(
            number=f"REQ-9999-{state[:4]}",
            entity=kafka.entity,
            kind="x",
            title="x",
            requester=kafka.engineer,
            currency="USD",
            state=state,
        )
        refused(row.save, "Cannot insert")
        refused(partial(Request.objects.bulk_create, [row]), "Cannot insert")
    version = PolicyVersion(policy=kafka.policy.policy, number=99, currency="USD", document={}, state="published")
    refused(version.save, "Cannot insert")
    assert Request.objects.get() == kept


def test_python_refuses_before_the_database_does(kafka: House) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))

    with pytest.raises(TransitionNotAllowed):
        request.withdraw()
    with pytest.raises(AttributeError):
        request.state = Request.State.DRAFT
    request.refresh_from_db()
    with pytest.raises(AttributeError):
        request.state = Request.State.DRAFT


def test_decisions_are_written_once_and_voided_once(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    rows = Decision.objects.filter(pk=decision.pk)

    refused(lambda: rows.update(verdict="reject"))
    refused(lambda: rows.update(comment="I never said so."))
    refused(_sql("DELETE FROM approvals_decision"))
    rows.update(voided_at=clock.now(), voided_by=stage.owner)
    refused(lambda: rows.update(voided_at=None, voided_by=None))

    assert rows.get().verdict == "approve"


def test_slots_and_people_are_counted_by_the_database_as_well(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    common = {"request": request, "round": 1, "verdict": "approve", "digest": request.digest, "decided_at": clock.now()}

    for wrong, name in (
        ({"stage": first, "slot": 1, "person": second.owner}, "decision_once_per_slot"),
        ({"stage": second, "slot": 1, "person": first.owner}, "decision_once_per_person_and_round"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Decision.objects.create(**common, **wrong)


def test_a_decision_fits_what_is_asked_in_the_database_as_well(kafka: House) -> None:
    """By plain SQL nobody decides on other content, in another round, on a stage that is not asked, or that does not ask them."""
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    common = {"request": request, "slot": 1, "verdict": "approve", "decided_at": clock.now()}
    fitting = {"stage": first, "round": 1, "person": first.owner, "digest": request.digest}
    asked, place = "on what it is asked about now", "somebody whom its stage asks"

    for wrong, words in (
        ({"digest": "another"}, asked),
        ({"round": 2}, "decision_belongs_to_a_round"),
        ({"stage": second, "person": second.owner}, asked),
        ({"person": second.owner}, place),
    ):
        refused(partial(Decision.objects.create, **common, **(fitting | wrong)), words)
    with transaction.atomic():
        Decision.objects.create(**common, **fitting)
        # It is nobody's way of deciding: the stage would go on waiting.
        transaction.set_rollback(True)


def test_nothing_is_approved_by_saying_so(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    rows, stage = Request.objects.filter(pk=request.pk), stages_of(request)[0]

    refused(lambda: Stage.objects.filter(pk=stage.pk).update(state="approved"), "as many as it needs")
    refused(lambda: rows.update(state="approved", decided_at=clock.now()), "once each of its stages is")

    assert rows.get().state == "submitted"


def test_what_is_asked_and_by_whom_stays_while_it_is_decided(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    rows = Request.objects.filter(pk=request.pk)

    for wrong in ({"amount": 1}, {"digest": "0" * 64}, {"kind": "scope_change"}, {"currency": "EUR"}, {"monthly_increase": 1}):
        refused(partial(rows.update, **wrong))
    refused(lambda: rows.update(requester=kafka.people["cfo"]))
    refused(lambda: Request.objects.filter(pk=draft(kafka.engineer, kafka.account).pk).update(requester=kafka.people["cfo"]))

    assert (rows.get().amount, rows.get().requester) == (request.amount, kafka.engineer)


def test_a_request_has_one_open_round_and_rounds_stay(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    round_ = Round.objects.get(request=request)
    second = Round(
        request=request, number=2, digest="x", content={}, policy_version=kafka.policy, trace=[], submitted_at=clock.now()
    )

    refused(second.save, "begins as its request is submitted")
    refused(round_.delete)
    refused(lambda: Round.objects.update(digest="another"))
    refused(lambda: Round.objects.update(content={}))


def test_the_lines_of_a_request_that_was_submitted_stay(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    rows = RequestLine.objects.filter(request=request)
    more = RequestLine(request=request, number=9, description="x", account=kafka.account, month=MARCH, net=1)

    refused(lambda: rows.update(net=1), "do not change")
    refused(rows.delete, "do not change")
    refused(more.save, "do not change")


def test_amounts_are_positive_in_the_database_too(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)
    rows = RequestLine.objects.filter(request=request)

    for wrong in ({"net": 0}, {"net": -1}, {"vat": -1}, {"vat": 1, "recoverable": 2}):
        refused(partial(rows.update, **wrong), "request_line")


def test_a_published_policy_does_not_change(kafka: House) -> None:
    refused(lambda: PolicyRule.objects.update(upper=1), "does not change")
    refused(lambda: StageTemplate.objects.update(role_code="cfo"), "does not change")
    refused(lambda: StageTemplate.objects.all().delete(), "does not change")
    refused(lambda: PolicyVersion.objects.update(document={}))


def test_a_stage_belongs_to_a_round(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)

    refused(lambda: Stage.objects.filter(request=request).update(round=7), "Cannot update")
