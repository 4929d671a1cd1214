"""Requests that were sent back and come again, in short."""

from typing import Any

from approvals.models import Decision, Request
from approvals.services.decisions import approve_stage, send_back
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request
from core.models import User
from tests.factories.approvals import asked, read_yaml, stages_of
from tests.fixtures.approvals import House


def reasking(kafka: House, stages: list[Any] | None = None, **more: Any) -> None:
    """Let a policy ask three stages, and after a sending back those alone whose approval does not cover it any more."""
    document = read_yaml("demo/policies/kafka.yaml") | {"reask": "changed"} | more
    document["rules"][3]["stages"] = stages or ["tech_lead", "finance", "change_control_board"]
    load_policy(document=document, entity=kafka.entity, actor=None)


def begun(kafka: House, net: str = "1200", **more: Any) -> Request:
    data = asked(kafka.account, net, kind="scope_change", **more)
    draft = save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)
    return submit_request(request_id=draft.pk, actor=kafka.engineer)


def approved_by(request: Request, number: int, person: User | None = None) -> Decision:
    """Let the owner of a stage, or somebody else, approve it."""
    stage = stages_of(request)[number - 1]
    return approve_stage(stage_id=stage.pk, actor=person or stage.owner, digest=request.digest)


def sent_back(request: Request, number: int) -> Decision:
    """Let the owner of a stage send it back."""
    stage = stages_of(request)[number - 1]
    decision = send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Attach a quote.")
    request.refresh_from_db()
    return decision


def returned(kafka: House, net: str = "1200", **more: Any) -> Request:
    """Approved by the first stage, sent back by the second."""
    request = begun(kafka, net, **more)
    approved_by(request, 1)
    sent_back(request, 2)
    return request


def again(request: Request, kafka: House, net: str = "1200", **more: Any) -> Request:
    """Change a request that was sent back, and submit it again."""
    data = asked(kafka.account, net, kind="scope_change", **more)
    save_draft(actor=request.requester, entity=kafka.entity, data=data, request_id=request.pk)
    return submit_request(request_id=request.pk, actor=request.requester)
