"""A policy that changes by approval: asked for, decided, published by the last yes, taken back, and never past it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from approvals.models import PolicyVersion, Request, Stage
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.links import decide_by_link
from approvals.services.policies import drop_draft, load_policy, publish_version
from approvals.services.policy_changes import ask_policy_change
from approvals.services.requests import submit_request, withdraw_request
from approvals.services.undoing import take_back
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import AuditRecord, User
from tests.factories.approvals import MONDAY, everything, stages_of, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.links import linked
from tests.factories.policy_changes import KAFKA, a_change, a_draft, approved, by_approval
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def states(house: House) -> list[str]:
    versions = PolicyVersion.objects.filter(policy__entity=house.entity, policy__code="kafka").order_by("number")
    return list(versions.values_list("state", flat=True))


def test_a_change_goes_to_those_whom_the_version_in_force_names(
    kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    request = a_change(kafka, administrator)

    assert (request.policy_version, request.amount, request.state) == (standing, 0, Request.State.SUBMITTED)
    assert [stage.owner for stage in stages_of(request)] == [kafka.people["finance"], kafka.people["executive_sponsor"]]
    assert states(kafka) == ["retired", "published", "draft"]


def test_the_last_yes_publishes(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = approved(a_change(kafka, administrator))

    assert request.state == Request.State.APPROVED
    assert states(kafka) == ["retired", "retired", "published"]
    assert submitted(kafka.engineer, kafka.account, "100").policy_version == request.policy_change.draft


def test_a_no_publishes_nothing_and_the_draft_stays_what_was_decided_on(
    kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    request = a_change(kafka, administrator)
    stage = stages_of(request)[0]
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Not so.")

    assert states(kafka) == ["retired", "published", "draft"]
    with pytest.raises(WrongState, match="put to approval"):
        drop_draft(version_id=request.policy_change.draft_id, actor=administrator)


def test_nothing_is_published_past_the_approval(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator)
    before = everything()

    calls: tuple[Callable[[], Any], ...] = (
        lambda: publish_version(version_id=draft.pk, actor=administrator),
        lambda: load_policy(document=by_approval() | {"note": "Past."}, entity=kafka.entity, actor=None),
    )
    for call in calls:
        with pytest.raises(WrongState) as refusal:
            call()
        assert refusal.value.code == "needs_approval"
    with pytest.raises(IntegrityError, match="only by an approval"), transaction.atomic():
        PolicyVersion.objects.filter(pk=standing.pk).update(state="retired", followed_by=draft, effective_to=MONDAY)
        PolicyVersion.objects.filter(pk=draft.pk).update(state="published", published_at=MONDAY, effective_from=MONDAY)
    assert everything() == before


def test_a_policy_that_says_nothing_of_it_is_published_as_before(kafka: House, administrator: User) -> None:
    draft = load_policy(document=KAFKA | {"note": "Next."}, entity=kafka.entity, actor=administrator, publish=False)

    with pytest.raises(WrongState, match="without an approval"):
        ask_policy_change(version_id=draft.pk, actor=administrator, reason="It may.")
    publish_version(version_id=draft.pk, actor=administrator)

    assert states(kafka) == ["retired", "published"]


def test_the_proof_is_run_again_at_the_last_yes(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    """Between the question and the answer a cost centre came under which a general rule stands before a special one."""
    rules = [
        {"kind": "scope_change", "cost_centre": "ENG", "stages": ["tech_lead"], "sla": "same day"},
        {"kind": "scope_change", "cost_centre": "LATER", "stages": ["cfo"], "sla": "same day"},
    ]
    document = by_approval()
    document["rules"] = [*rules, *document["rules"]]
    draft = load_policy(document=document, entity=kafka.entity, actor=administrator, publish=False)
    request = ask_policy_change(version_id=draft.pk, actor=administrator, reason="Two places more.")
    first, second = stages_of(request)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    CostCentreFactory.create(entity=kafka.entity, code="LATER", name="Later", parent=kafka.budget.parent)
    before = everything()

    with pytest.raises(InvalidInput, match="The proof found") as refusal:
        approve_stage(stage_id=second.pk, actor=second.owner, digest=request.digest)

    assert any("Scope change" in said for said in refusal.value.details.values())
    assert everything() == before
    assert states(kafka) == ["retired", "published", "draft"]


# ---------------------------------------------------------------- taken back


def test_an_approval_taken_back_lets_the_version_before_route_again(
    kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    request = approved(a_change(kafka, administrator))
    last = request.decisions.latest("pk")

    take_back(decision_id=last.pk, actor=last.decider)

    request.refresh_from_db()
    assert request.state == Request.State.SUBMITTED
    assert states(kafka) == ["retired", "published", "draft"]
    assert AuditRecord.objects.get(verb="policy.unpublished").after == {"version": standing.number}
    stage = Stage.objects.get(decisions=last)
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    assert states(kafka) == ["retired", "retired", "published"]


def test_an_approval_stays_once_something_was_routed_by_it(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = approved(a_change(kafka, administrator))
    routed = submitted(kafka.engineer, kafka.account, "100")
    last, before = request.decisions.latest("pk"), everything()

    with pytest.raises(WrongState, match=f"in use: {routed.number} was routed by it"):
        take_back(decision_id=last.pk, actor=last.decider)

    assert everything() == before
    assert states(kafka) == ["retired", "retired", "published"]


def test_the_database_lets_no_version_go_back_by_itself(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    approved(a_change(kafka, administrator))

    for sql in (
        "UPDATE approvals_policyversion SET state = 'draft', published_at = NULL WHERE state = 'published'",
        f"UPDATE approvals_policyversion SET state = 'published' WHERE id = {standing.pk}",
    ):
        with pytest.raises(IntegrityError, match="goes back only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


# ---------------------------------------------------------------- one at a time, and by whom


def test_one_change_of_a_policy_is_asked_for_at_a_time(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    first = a_change(kafka, administrator)
    other = a_draft(kafka, administrator, note="Another.")

    with pytest.raises(WrongState, match=f"{first.number} asks for a change"):
        ask_policy_change(version_id=other.pk, actor=administrator, reason="This one rather.")
    withdraw_request(request_id=first.pk, actor=administrator)
    assert ask_policy_change(version_id=other.pk, actor=administrator, reason="This one rather.").state == "submitted"


def test_what_was_sent_back_goes_on_with_the_next_draft(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = a_change(kafka, administrator)
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Name the board.")

    again = ask_policy_change(
        version_id=a_draft(kafka, administrator, note="The board.").pk, actor=administrator, reason="As was asked."
    )

    assert (again.pk, again.round) == (request.pk, 2)
    contents = [row.content["particulars"]["version"] for row in request.rounds.order_by("number")]
    assert contents == ["3", "4"]


def test_what_was_sent_back_may_come_again_as_it_is(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = a_change(kafka, administrator)
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Why now?")

    assert submit_request(request_id=request.pk, actor=administrator).round == 2


def test_who_does_not_set_the_organization_up_asks_for_no_change(
    kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    draft = a_draft(kafka, administrator)
    before = everything()

    with pytest.raises(NotAllowed):
        ask_policy_change(version_id=draft.pk, actor=kafka.people["finance"], reason="I wish it.")
    with pytest.raises(InvalidInput):
        ask_policy_change(version_id=draft.pk, actor=administrator, reason=" ")

    assert everything() == before


def test_a_draft_that_does_not_prove_is_not_asked_for(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator, accepted_gaps=[])
    before = everything()

    with pytest.raises(InvalidInput, match="4 things"):
        ask_policy_change(version_id=draft.pk, actor=administrator, reason="It has gaps.")

    assert everything() == before


def test_its_clock_runs_as_any_other(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    stage = stages_of(a_change(kafka, administrator))[0]

    with clock.at(MONDAY + timedelta(days=7)):
        assert stage.due_at is not None
        assert stage.due_at <= clock.now()


@override_settings(LINK_ALONE_UP_TO={"acme": Decimal(2000)}, REQUIRE_MFA=frozenset())
def test_the_link_of_a_mail_alone_changes_no_policy(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = a_change(kafka, administrator)
    stage = stages_of(request)[0]
    said: dict[str, Any] = {
        "secret": linked(stage).split("/")[2],
        "actor": stage.owner,
        "verdict": "approve",
        "digest": request.digest,
    }

    with pytest.raises(NotAllowed, match="Sign in"):
        decide_by_link(**said, comment="", signed_in=False)
    decide_by_link(**said, comment="", signed_in=True)
