"""Requests in short, and what stands in the books, for tests."""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from approvals.data import LineData, RequestData
from approvals.models import Attachment, Decision, Pause, Question, Request, RequestLine, Round, Stage, StageMember, Timer
from approvals.services.decisions import approve_stage
from approvals.services.requests import save_draft, submit_request
from budgets.models import Entry, FundsAccount, Journal
from core import clock
from core.models import AuditRecord, Notice, OutboxEvent, User

ROOT = Path(__file__).resolve().parents[2]
MARCH = date(2026, 3, 1)
# A Monday at ten, in the calendar of the tests (UTC, nine to five).
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ROWS = (
    Request,
    RequestLine,
    Round,
    Stage,
    StageMember,
    Decision,
    Timer,
    Question,
    Pause,
    Attachment,
    Entry,
    Journal,
    AuditRecord,
    OutboxEvent,
    Notice,
)


def read_yaml(path: str) -> dict[str, Any]:
    """Return a YAML document of this repository."""
    document: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return document


def line(account: FundsAccount, net: Any, *, month: date = MARCH, **more: Any) -> LineData:
    return LineData(more.pop("description", "Licences"), account.pk, month, net, **more)


def asked(account: FundsAccount, net: Any = "1200", *, kind: str = "vendor_payment", **more: Any) -> RequestData:
    """Return a request for one line, or for `lines`."""
    lines = more.pop("lines", None) or [line(account, net)]
    return RequestData(kind=kind, title=more.pop("title", "Licences for the platform"), lines=lines, **more)


def draft(person: User, account: FundsAccount, net: Any = "1200", **more: Any) -> Request:
    return save_draft(actor=person, entity=account.entity, data=asked(account, net, **more))


def submitted(person: User, account: FundsAccount, net: Any = "1200", **more: Any) -> Request:
    return submit_request(request_id=draft(person, account, net, **more).pk, actor=person)


def stages_of(request: Request) -> list[Stage]:
    """Return the stages of the request's present round."""
    return list(Stage.objects.filter(request=request, round=Request.objects.get(pk=request.pk).round).order_by("number"))


def approve_all(request: Request) -> Request:
    """Let each owner approve, stage after stage."""
    for stage in stages_of(request):
        stage.refresh_from_db()
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    request.refresh_from_db()
    return request


def everything() -> dict[str, int]:
    """Count every row that a step of a request could have written."""
    return {model.__name__: model._default_manager.count() for model in ROWS}


def held(account: FundsAccount) -> tuple[Decimal, Decimal]:
    """Return what is reserved and what is committed on an account."""
    sums = {"reserved": Decimal(0), "committed": Decimal(0)}
    for bucket, amount in Entry.objects.filter(account=account, bucket__in=sums).values_list("bucket", "amount"):
        sums[bucket] += amount
    return sums["reserved"], sums["committed"]


def at(year: int, month: int, day: int, hour: int, minute: int) -> AbstractContextManager[datetime]:
    """Let the clock stand at a moment (UTC)."""
    return clock.at(datetime(year, month, day, hour, minute, tzinfo=UTC))
