"""What a request holds is pending in its round's journal until the next step settles that journal."""

from decimal import Decimal

import pytest

from approvals.models import Request
from approvals.services.decisions import reject_stage
from approvals.services.requests import withdraw_request
from approvals.services.spend import key_of
from budgets.models import Journal
from budgets.selectors.journal_states import State, journal_state
from tests.factories.approvals import approve_all, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def stand(request: Request, kind: str) -> tuple[State, Decimal]:
    found = journal_state(Journal.objects.get(key=key_of(request, kind)))
    return found.state, found.left


def test_a_submitted_request_is_pending_in_what_it_reserves(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    assert stand(request, "reserve") == (State.PENDING, Decimal(1200))


def test_approval_posts_the_reservation_and_leaves_the_commitment_pending(kafka: House) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))
    assert stand(request, "reserve") == (State.POSTED, Decimal(0))
    assert stand(request, "commit") == (State.PENDING, Decimal(1200))
    settled = Journal.objects.get(key=key_of(request, "commit")).settles
    assert settled is not None
    assert settled.key == key_of(request, "reserve")


def test_a_request_withdrawn_or_rejected_has_its_reservation_voided(kafka: House) -> None:
    withdrawn, rejected = submitted(kafka.engineer, kafka.account), submitted(kafka.engineer, kafka.account, "900")
    withdraw_request(request_id=withdrawn.pk, actor=kafka.engineer)
    stage = stages_of(rejected)[0]
    assert stage.owner is not None
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=rejected.digest, comment="Too much")
    assert stand(withdrawn, "reserve") == (State.VOIDED, Decimal(0))
    assert stand(rejected, "reserve") == (State.VOIDED, Decimal(0))
