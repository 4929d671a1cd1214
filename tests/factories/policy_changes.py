"""Changes of a policy that are approved, in short, for tests."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from approvals.models import PolicyVersion, Request
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from approvals.services.policy_changes import ask_policy_change
from core.models import User
from tests.factories.approvals import read_yaml, stages_of

if TYPE_CHECKING:
    from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")
RULE: dict[str, Any] = {"kind": "policy_change", "stages": ["finance", "executive_sponsor"], "sla": "5 business days"}


def by_approval() -> dict[str, Any]:
    """Return the Kafka policy as it stands where its changes are approved."""
    document = deepcopy(KAFKA)
    document["kinds"]["policy_change"] = {"name": "Change of the policy", "subject": "policy_change"}
    document["rules"].append(RULE)
    return document


def a_draft(house: House, actor: User, note: str = "Next.", **more: Any) -> PolicyVersion:
    return load_policy(document=by_approval() | {"note": note} | more, entity=house.entity, actor=actor, publish=False)


def a_change(house: House, actor: User) -> Request:
    return ask_policy_change(version_id=a_draft(house, actor).pk, actor=actor, reason="The board wishes it.")


def approved(request: Request) -> Request:
    for stage in stages_of(request):
        stage.refresh_from_db()
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    request.refresh_from_db()
    return request
