"""Approved money that no invoice has used up yet."""

from dataclasses import dataclass
from decimal import Decimal

from approvals.models import Request, RequestLine
from budgets.models import Vendor
from budgets.selectors.balances import thread_balance
from core.models import Entity


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What remains committed of a request's line, in the request's currency."""

    line: RequestLine
    remaining: Decimal


def outstanding_commitments(*, entity: Entity, vendor: Vendor | None = None, currency: str = "") -> list[Outstanding]:
    """Return the lines of approved requests of which something is still committed, the oldest first."""
    lines = RequestLine.objects.filter(request__entity=entity, request__state=Request.State.APPROVED)
    if vendor is not None:
        lines = lines.filter(request__vendor=vendor)
    if currency:
        lines = lines.filter(request__currency=currency)
    related = ("request__vendor", "request__requester", "account__budget", "account__cost_centre", "account__category")
    rows = list(lines.select_related(*related).order_by("request__decided_at", "request_id", "number"))
    held = thread_balance(row.thread for row in rows)
    found = [Outstanding(row, held[row.thread]["committed"]) for row in rows]
    return [one for one in found if one.remaining > 0]
