"""Overrides: a request that the funds refuse passes once that was approved, and nothing else does."""

from decimal import Decimal
from uuid import uuid4

import pytest

from approvals.models import Request
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.overrides import ask_override
from approvals.services.requests import save_draft, submit_request
from approvals.services.undoing import take_back
from budgets.models import Journal
from core.errors import Missing, NoFunds, NotAllowed, Stale, WrongState
from tests.factories.approvals import approve_all, asked, draft, everything, held, read_yaml, stages_of
from tests.factories.changes import available
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ZERO = Decimal(0)


@pytest.fixture
def short(kafka: House) -> Request:
    """Return a draft that asks for a cent more than is left."""
    return draft(kafka.engineer, kafka.account, available(kafka.account) + Decimal("0.01"), kind="scope_change")


def _asked(kafka: House, covers: Request) -> Request:
    return ask_override(actor=kafka.engineer, covers_id=covers.pk, reason="The plant stands still.", form_key=uuid4())


def test_an_override_has_a_decider_and_a_clock_and_holds_nothing(kafka: House, short: Request) -> None:
    request = _asked(kafka, short)

    stage = stages_of(request)[0]
    assert (request.kind, request.subject_kind, request.amount) == ("override", "override", short.amount)
    assert (stage.owner, stage.sla) == (kafka.people["executive_sponsor"], "1 business day")
    assert stage.due_at is not None
    assert held(kafka.account) == (ZERO, ZERO)


def test_approved_the_request_passes_the_stop_and_what_is_above_is_excused(kafka: House, short: Request) -> None:
    with pytest.raises(NoFunds):
        submit_request(request_id=short.pk, actor=kafka.engineer)
    approve_all(_asked(kafka, short))

    done = approve_all(submit_request(request_id=short.pk, actor=kafka.engineer))

    assert done.state == Request.State.APPROVED
    assert held(kafka.account) == (ZERO, short.amount)
    reserve = Journal.objects.get(kind="reserve")
    assert reserve.is_override
    assert available(kafka.account) == Decimal("-0.01")


def test_it_lets_nothing_else_pass(kafka: House, short: Request) -> None:
    approve_all(_asked(kafka, short))
    other = draft(kafka.engineer, kafka.account, short.amount, kind="scope_change")
    more = short.amount + Decimal("0.01")
    save_draft(
        actor=kafka.engineer,
        entity=kafka.entity,
        data=asked(kafka.account, more, kind="scope_change"),
        request_id=short.pk,
    )
    before = everything()

    for kept in (other, short):
        with pytest.raises(NoFunds):
            submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert everything() == before


def test_one_that_waits_or_was_rejected_lets_nothing_pass(kafka: House, short: Request) -> None:
    request = _asked(kafka, short)
    with pytest.raises(NoFunds):
        submit_request(request_id=short.pk, actor=kafka.engineer)
    stage = stages_of(request)[0]
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="No.")

    with pytest.raises(NoFunds):
        submit_request(request_id=short.pk, actor=kafka.engineer)


def test_what_was_changed_since_is_not_approved(kafka: House, short: Request) -> None:
    request = _asked(kafka, short)
    data = asked(kafka.account, short.amount + 1, kind="scope_change")
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=short.pk)
    stage = stages_of(request)[0]
    before = everything()

    with pytest.raises(Stale, match="changed or submitted"):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)

    assert everything() == before


def test_what_fits_needs_no_override_and_other_peoples_drafts_are_theirs(kafka: House, short: Request) -> None:
    fits = draft(kafka.engineer, kafka.account, "10", kind="scope_change")
    before = everything()

    with pytest.raises(WrongState, match="not refused for its funds") as refusal:
        _asked(kafka, fits)
    with pytest.raises(NotAllowed):
        ask_override(actor=kafka.people["finance"], covers_id=short.pk, reason="So.", form_key=uuid4())

    assert refusal.value.code == "fits"
    assert everything() == before


def test_a_policy_without_the_kind_knows_no_override(kafka: House, short: Request) -> None:
    from approvals.services.policies import load_policy

    document = read_yaml("demo/policies/kafka.yaml")
    del document["kinds"]["override"]
    document["rules"] = [rule for rule in document["rules"] if rule["kind"] != "override"]
    load_policy(document=document, entity=kafka.entity, actor=None)

    with pytest.raises(Missing) as refusal:
        _asked(kafka, short)

    assert refusal.value.code == "no_override"


def test_an_approval_is_taken_back_until_the_request_was_submitted_on_it(kafka: House, short: Request) -> None:
    request = _asked(kafka, short)
    stage = stages_of(request)[0]
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    take_back(decision_id=decision.pk, actor=stage.owner)
    with pytest.raises(NoFunds):
        submit_request(request_id=short.pk, actor=kafka.engineer)
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    submit_request(request_id=short.pk, actor=kafka.engineer)
    before = everything()

    with pytest.raises(WrongState) as refusal:
        take_back(decision_id=decision.pk, actor=stage.owner)

    assert refusal.value.code == "used"
    assert everything() == before
