"""Requests of kinds that state more than their lines, in short, for tests."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from approvals.data import RequestData
from approvals.models import Request
from approvals.services.attachments import attach
from approvals.services.requests import save_draft, submit_request
from budgets.models import Entry, FundsAccount
from core.models import User
from tests.factories.approvals import MARCH, line

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TERM: dict[str, Any] = {
    "from_on": date(2026, 3, 1),
    "until_on": date(2027, 2, 28),
    "notice_days": 90,
    "total_value": "12000",
}
ROLE: dict[str, Any] = {"role": "Data engineer", "heads": 2, "from_on": date(2026, 3, 9), "until_on": None, "monthly_cost": "600"}
TRIP: dict[str, Any] = {
    "traveller": "The engineer",
    "destination": "Lisbon",
    "from_on": MARCH + timedelta(days=15),
    "until_on": MARCH + timedelta(days=17),
}
STATED = {"contract": TERM, "resource_change": ROLE, "travel": TRIP}


def asked_of_kind(kind: str, account: FundsAccount, net: Any = "1000", **more: Any) -> RequestData:
    """Return a request of a kind of the Kafka policy; other names in `more` than the request's own are stated by its kind."""
    own = {name: more.pop(name) for name in list(more) if name in RequestData.__dataclass_fields__}
    head = {
        "title": f"A {kind}",
        "reason": "It is needed.",
        "vendor_name": "Acme Cloud" if kind == "contract" else "",
        "lines": [line(account, net)],
        "particulars": STATED[kind] | more,
    }
    return RequestData(kind=kind, **{**head, **own})


def draft_of_kind(kind: str, person: User, account: FundsAccount, net: Any = "1000", **more: Any) -> Request:
    """Keep a draft, with the document that a contract needs."""
    kept = save_draft(actor=person, entity=account.entity, data=asked_of_kind(kind, account, net, **more))
    if kind == "contract":
        attach(request_id=kept.pk, actor=person, name="contract.pdf", content=PDF)
    return kept


def submitted_of_kind(kind: str, person: User, account: FundsAccount, net: Any = "1000", **more: Any) -> Request:
    return submit_request(request_id=draft_of_kind(kind, person, account, net, **more).pk, actor=person)


def committed(request: Request) -> dict[str, Decimal]:
    """Return what a request's lines hold as committed, by month."""
    sums: dict[str, Decimal] = {}
    for each in Entry.objects.filter(thread__in=[row.thread for row in request.lines.all()], bucket="committed"):
        sums[f"{each.month:%Y-%m}"] = sums.get(f"{each.month:%Y-%m}", Decimal(0)) + each.amount
    return sums
