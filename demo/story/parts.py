"""A purchase in parts at IntelliFlow, whose sum is put before more people; sent back, it comes again and stands where it may.

Its moments and amounts are drawn from nothing, so that the rest of the year stays as it was.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from approvals.models import Request, Stage
from approvals.services.decisions import approve_stage, send_back
from approvals.services.requests import save_draft, submit_request
from core.models import User
from demo.story.desks import AskingDesk
from demo.story.wants import Want

FIRST = Want(
    kind="purchase",
    title="Credits to compare two models",
    line=("INTELLIFLOW", "IF-PLATFORM", "ai-apis"),
    net=Decimal(110),
    vendor="OpenAI",
    reason="The answers got worse with the last version, and nobody can say by how much.",
)
SECOND = replace(FIRST, title="More credits for the same comparison", net=Decimal(120))
SMALLER = Decimal(108)


def plan(desk: AskingDesk, people: dict[str, User]) -> None:
    """Plan both parts in the last days before the present; the second waits for its last decision."""
    asker, ends = people["team-lead"], desk.story.ends
    desk.story.at(ends - timedelta(days=9), lambda: _ask_first(desk, asker))
    desk.story.at(ends - timedelta(days=4), lambda: _ask_second(desk, asker))


def _ask(desk: AskingDesk, asker: User, want: Want) -> Request:
    request = save_draft(actor=asker, entity=desk.entity, data=desk.data(want, want.net))
    submit_request(request_id=request.pk, actor=asker)
    desk.story.after(1, lambda: _approve(request.pk))
    return request


def _ask_first(desk: AskingDesk, asker: User) -> None:
    _ask(desk, asker, FIRST)


def _ask_second(desk: AskingDesk, asker: User) -> None:
    request = _ask(desk, asker, SECOND)
    desk.story.after(2, lambda: _send_back(request.pk))
    desk.story.after(3, lambda: _again(desk, request.pk))


def _approve(request_id: int) -> None:
    stage = _waiting(request_id)
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment="Worth knowing.")


def _send_back(request_id: int) -> None:
    stage = _waiting(request_id)
    said = "Two thirds of the test set are enough. Ask for that, and I say yes."
    send_back(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment=said)


def _again(desk: AskingDesk, request_id: int) -> None:
    request = Request.objects.select_related("requester").get(pk=request_id)
    save_draft(actor=request.requester, entity=desk.entity, data=desk.data(SECOND, SMALLER), request_id=request.pk)
    submit_request(request_id=request.pk, actor=request.requester)


def _waiting(request_id: int) -> Stage:
    waiting = Stage.objects.select_related("request", "owner").filter(request=request_id, state=Stage.State.ASSIGNED)
    return waiting.get()
