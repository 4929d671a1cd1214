"""Scenarios of policies: kinds, versions, and their change by approval."""

from datetime import date
from typing import Any

from approvals.models import PolicyVersion
from approvals.services import decisions, policies, policy_changes, policy_lines, requests, undoing
from core.models import User
from tests.factories.core import UserFactory, assign
from tests.factories.kinds import asked_of_kind, draft_of_kind
from tests.trust.scenarios.ground import POLICY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

LATER = date(2026, 4, 1)
only_reads(policy_lines.begins_at, policy_lines.days_of, policy_lines.published_words, policy_lines.refuse_unproved)
steps_of(policies.publish_version, steps=[policy_lines.put_in_line])
steps_of(policies.withdraw_version, steps=[policy_lines.take_out_of_line, policy_lines.back_to_draft])


def _with_kinds(ground: Ground) -> None:
    """Let the policy know travel, and let its own changes be approved."""
    kinds = {
        **POLICY["kinds"],
        "travel": {"name": "Travel", "subject": "travel"},
        "policy_change": {"name": "Change of the policy", "subject": "policy_change"},
    }
    rules = [{"kind": kind, "stages": ["finance"], "sla": "2 business days"} for kind in ("travel", "policy_change")]
    document = {**POLICY, "kinds": kinds, "rules": [*POLICY["rules"], *rules]}
    policies.load_policy(document=document, entity=ground.entity, actor=None)


@scenario(requests.save_draft, label="travel")
def _save_trip(ground: Ground) -> dict[str, Any]:
    _with_kinds(ground)
    return {"actor": ground.requester, "entity": ground.entity, "data": asked_of_kind("travel", ground.account, "300")}


@scenario(requests.submit_request, label="travel, ticked too soon")
def _submit_trip(ground: Ground) -> dict[str, Any]:
    _with_kinds(ground)
    kept = draft_of_kind("travel", ground.requester, ground.account, "300", after_the_fact=True)
    return {"request_id": kept.pk, "actor": ground.requester}


def _administrator(ground: Ground) -> User:
    person = UserFactory.create(name="Administrator")
    return assign(person, "administrator", ground.entity, kind="administrator").user


def _change(ground: Ground) -> dict[str, Any]:
    _with_kinds(ground)
    document = PolicyVersion.objects.get(policy__entity=ground.entity, state="published").document
    draft = policies.load_policy(document={**document, "note": "Next."}, entity=ground.entity, actor=None, publish=False)
    return {"version_id": draft.pk, "actor": _administrator(ground)}


@scenario(policy_changes.ask_policy_change)
def _ask_change(ground: Ground) -> dict[str, Any]:
    return _change(ground) | {"reason": "It is time."}


def _change_waits(ground: Ground) -> dict[str, Any]:
    request = policy_changes.ask_policy_change(**_ask_change(ground))
    stage = ground.stage_of(request)
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": request.digest}


@scenario(decisions.approve_stage, label="a change of the policy")
def _approve_change(ground: Ground) -> dict[str, Any]:
    return _change_waits(ground)


@scenario(undoing.take_back, label="the approval of a change of the policy")
def _take_back_change(ground: Ground) -> dict[str, Any]:
    decision = decisions.approve_stage(**_change_waits(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


@scenario(policies.load_policy)
def _load_policy(ground: Ground) -> dict[str, Any]:
    roles = {**POLICY["roles"], "cfo": {"name": "CFO", "kind": "executive"}}
    rules = [{"kind": "vendor_payment", "over": 0, "stages": ["program_director", "cfo"], "sla": "3 business days"}]
    return {"document": {**POLICY, "roles": roles, "rules": rules}, "entity": ground.entity, "actor": ground.finance}


def _next_policy(ground: Ground) -> PolicyVersion:
    return policies.load_policy(**_load_policy(ground), publish=False)


@scenario(policies.publish_version)
def _publish_version(ground: Ground) -> dict[str, Any]:
    return {"version_id": _next_policy(ground).pk, "actor": ground.finance}


@scenario(policies.publish_version, label="for a later day")
def _schedule_version(ground: Ground) -> dict[str, Any]:
    return _publish_version(ground) | {"effective_from": LATER}


@scenario(policies.publish_version, label="in place of one that is scheduled")
def _replace_version(ground: Ground) -> dict[str, Any]:
    policies.load_policy(document=POLICY | {"note": "Later."}, entity=ground.entity, actor=None, effective_from=LATER)
    return _publish_version(ground)


@scenario(policies.withdraw_version)
def _withdraw_version(ground: Ground) -> dict[str, Any]:
    version = policies.load_policy(**_load_policy(ground), effective_from=LATER)
    return {"version_id": version.pk, "actor": ground.finance}


@scenario(policies.drop_draft)
def _drop_draft(ground: Ground) -> dict[str, Any]:
    return {"version_id": _next_policy(ground).pk, "actor": ground.finance}
