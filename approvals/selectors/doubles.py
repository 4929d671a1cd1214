"""Requests that may be the same thing asked for twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from approvals.models import Request

MOST = 3
LOOKED_AT = 50
NEAR = Decimal("0.25")
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
    """Return waiting or approved requests, of those the person may see, that ask for nearly the same; the nearest first.

    Nearly the same is the same line, month and amount; or the same vendor and month with an amount within a quarter.
    """
    if not lines:
        return []
    total = sum((line.funds for line in lines), Decimal(0))
    same_line, same_vendor = Q(), Q()
    for line in lines:
        same_line |= Q(lines__account_id=line.account_id, lines__month=line.month, lines__funds=line.funds)
    if vendor_key:
        near = (total * (1 - NEAR), total * (1 + NEAR))
        same_vendor = Q(vendor__name_key=vendor_key, lines__month__in={line.month for line in lines}, amount__range=near)
    alive = seen.filter(state__in=ALIVE).exclude(number=besides)
    found = alive.filter(same_line | same_vendor).select_related("vendor").order_by("-id").distinct()[:LOOKED_AT]
    nearest = sorted(found, key=lambda request: abs(request.amount - total))[:MOST]
    return [Double(request, _why(request, vendor_key, total)) for request in nearest]


def _why(request: Request, vendor_key: str, total: Decimal) -> str:
    if not (vendor_key and request.vendor and request.vendor.name_key == vendor_key):
        return "Same budget line, month and amount."
    return "Same vendor, month and amount." if request.amount == total else "Same vendor and month, nearly the same amount."
