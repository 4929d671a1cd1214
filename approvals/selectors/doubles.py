"""Requests that may be the same thing asked for twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from approvals.models import Request

MOST = 3
ALIVE = (Request.State.SUBMITTED, Request.State.APPROVED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line as typed: account, month and what it takes from the budget."""

    account_id: int
    month: date
    funds: Decimal


@dataclass(frozen=True, slots=True)
class Double:
    """A request that looks like the one being typed, and in what."""

    request: Request
    why: str


def possible_doubles(seen: QuerySet[Request], *, vendor_key: str, lines: Sequence[Candidate], besides: str = "") -> list[Double]:
    """Return waiting or approved requests, of those the person may see, that share vendor and month, or line and amount."""
    if not lines:
        return []
    same_line, same_vendor = Q(), Q()
    for line in lines:
        same_line |= Q(lines__account_id=line.account_id, lines__month=line.month, lines__funds=line.funds)
    if vendor_key:
        same_vendor = Q(vendor__name_key=vendor_key, lines__month__in={line.month for line in lines})
    alive = seen.filter(state__in=ALIVE).exclude(number=besides)
    found = alive.filter(same_line | same_vendor).select_related("vendor").order_by("-id").distinct()[:MOST]
    return [Double(request, _why(request, vendor_key)) for request in found]


def _why(request: Request, vendor_key: str) -> str:
    if vendor_key and request.vendor and request.vendor.name_key == vendor_key:
        return "Same vendor, same month."
    return "Same budget line, month and amount."
