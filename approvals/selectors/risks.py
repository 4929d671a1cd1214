"""What is known of a request when it is weighed: the plan of its budget lines, and what was asked for before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q, Sum

from approvals.models import Card, Contract, ReserveTerms
from approvals.rules.risk import FEWEST_TO_COMPARE, LineSigns, Risk, Signs, Weights, assess
from approvals.rules.routing import Facts
from approvals.selectors.doubles import NEAR
from budgets.models import Balance, FundsAccount, Vendor
from core.models import Entity, User

ZERO = Decimal(0)
NOBODY = 0


@dataclass(frozen=True, slots=True)
class AskedOf:
    """A line: the account that pays, its month, what it takes, and that without VAT, in the account's currency."""

    account: FundsAccount
    month: date
    funds: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, as it is weighed and routed. `facts` are without a risk; `request_id` is 0 for what is only typed."""

    requester: User
    entity: Entity
    facts: Facts
    lines: tuple[AskedOf, ...]
    vendor: Vendor | None = None
    vendor_name: str = ""
    needed_by: date | None = None
    request_id: int = NOBODY
    card: Card | None = None
    contract: Contract | None = None
    # What is stated of the reserve on which this draws: its own approver decides too.
    draws_by: ReserveTerms | None = None


def risk_of(ask: Ask, weights: Weights, *, now: datetime) -> Risk:
    """Return the score of what is asked for, with its reasons."""
    return assess(signs_of(ask, weights, now=now), weights)


def signs_of(ask: Ask, weights: Weights, *, now: datetime) -> Signs:
    """Return what is known of what is asked for, in two or three queries."""
    past = _past(ask, weights, now)
    months = [line.month for line in ask.lines]
    usual, count, whose = past["usual"], past["usual_count"], ask.vendor.name if ask.vendor else ""
    if count < FEWEST_TO_COMPARE:
        usual, count, whose = _usual_on_line(ask)
    return Signs(
        currency=ask.facts.currency,
        amount=ask.facts.amount,
        today=now.astimezone(ZoneInfo(ask.entity.time_zone)).date(),
        first_month=min(months),
        last_month=max(months),
        lines=_lines(ask, max(months)),
        vendor=ask.vendor.name if ask.vendor else ask.vendor_name.strip(),
        is_new_vendor=not past["knows_vendor"] and bool(ask.vendor or ask.vendor_name.strip()),
        usual=usual,
        usual_count=count,
        usual_of=whose,
        looks_alike=_alike(past),
        parts=past["parts"],
        parts_sum=past["parts_sum"],
        needed_by=ask.needed_by,
        is_first=past["is_first"],
        is_emergency=ask.facts.is_emergency,
    )


def _lines(ask: Ask, through: date) -> tuple[LineSigns, ...]:
    """Return each budget line with all that is left on it, and its plan and what it holds up to a month."""
    asked: dict[FundsAccount, Decimal] = {}
    for line in ask.lines:
        asked[line.account] = asked.get(line.account, ZERO) + line.funds
    held = F("reserved") + F("committed") + F("spent")
    to_date = Q(month__lte=through)
    sums = (
        Balance.objects.filter(account__in=asked)
        .values_list("account_id")
        .annotate(
            allotted_ever=Sum("allotted"),
            held_ever=Sum(held),
            allotted_to_date=Sum("allotted", filter=to_date),
            held_to_date=Sum(held, filter=to_date),
        )
    )
    found = {account_id: [amount or ZERO for amount in amounts] for account_id, *amounts in sums}
    signs = []
    for account, amount in asked.items():
        allotted, taken, planned, taken_to_date = found.get(account.pk, [ZERO] * 4)
        signs.append(LineSigns(account.name, amount, allotted - taken, planned, taken_to_date))
    return tuple(signs)


def _alike(past: Mapping[str, Any]) -> str:
    if past["same_line"]:
        return "the same budget line, month and amount"
    return "the same vendor and month, nearly the same amount" if past["same_vendor"] else ""


def _past(ask: Ask, weights: Weights, now: datetime) -> dict[str, Any]:
    amount = ask.facts.amount
    values = {
        "entity": ask.entity.pk,
        "person": ask.requester.pk,
        "besides": ask.request_id,
        "vendor": ask.vendor.pk if ask.vendor else None,
        "currency": ask.facts.currency,
        "low": amount * (1 - NEAR),
        "high": amount * (1 + NEAR),
        "accounts": [line.account.pk for line in ask.lines],
        "months": [line.month for line in ask.lines],
        "funds": [line.funds for line in ask.lines],
        "since": now - timedelta(days=weights.in_parts_days),
    }
    return _row(_PAST, values)


def _usual_on_line(ask: Ask) -> tuple[Decimal | None, int, str]:
    """Where too little is known of the vendor, the first budget line says what is usual."""
    account = ask.lines[0].account
    values = {"account": account.pk, "currency": ask.facts.currency, "besides": ask.request_id}
    found = _row(_USUAL_ON_LINE, values)
    return found["usual"], found["usual_count"], account.name


def _row(query: str, values: Mapping[str, Any]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))


# The median is of the latest fifty, so that it costs the same after ten years, and follows prices.
_PAST = """
WITH recent AS (
    SELECT r.amount FROM approvals_request r
    WHERE r.vendor_id = %(vendor)s::bigint AND r.state = 'approved' AND r.currency = %(currency)s AND r.id <> %(besides)s
    ORDER BY r.id DESC LIMIT 50
), parts AS (
    SELECT r.amount FROM approvals_request r
    WHERE r.requester_id = %(person)s AND r.entity_id = %(entity)s AND r.state IN ('submitted', 'approved')
      AND r.submitted_at >= %(since)s AND r.currency = %(currency)s AND r.id <> %(besides)s
      AND (r.vendor_id = %(vendor)s::bigint OR %(vendor)s::bigint IS NULL AND r.vendor_id IS NULL AND EXISTS (
          SELECT FROM approvals_requestline l WHERE l.request_id = r.id AND l.account_id = ANY (%(accounts)s)))
)
SELECT
    NOT EXISTS (
        SELECT FROM approvals_request r WHERE r.requester_id = %(person)s AND r.entity_id = %(entity)s AND r.round > 0
          AND r.id <> %(besides)s) AS is_first,
    EXISTS (
        SELECT FROM approvals_request r WHERE r.vendor_id = %(vendor)s::bigint AND r.round > 0 AND r.id <> %(besides)s
    ) AS knows_vendor,
    (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM recent) AS usual,
    (SELECT count(*) FROM recent) AS usual_count,
    (SELECT count(*) FROM parts) AS parts,
    (SELECT coalesce(sum(amount), 0) FROM parts) AS parts_sum,
    EXISTS (
        SELECT FROM unnest(%(accounts)s::bigint[], %(months)s::date[], %(funds)s::numeric[]) asked (account, month, funds)
        JOIN approvals_requestline l ON l.account_id = asked.account AND l.month = asked.month AND l.funds = asked.funds
        JOIN approvals_request r ON r.id = l.request_id
        WHERE r.state IN ('submitted', 'approved') AND r.id <> %(besides)s) AS same_line,
    EXISTS (
        SELECT FROM approvals_request r
        WHERE r.vendor_id = %(vendor)s::bigint AND r.state IN ('submitted', 'approved') AND r.id <> %(besides)s
          AND r.currency = %(currency)s AND r.amount BETWEEN %(low)s AND %(high)s AND EXISTS (
              SELECT FROM approvals_requestline l WHERE l.request_id = r.id AND l.month = ANY (%(months)s::date[]))
    ) AS same_vendor
"""

_USUAL_ON_LINE = """
WITH recent AS (
    SELECT r.amount FROM approvals_request r
    WHERE r.state = 'approved' AND r.currency = %(currency)s AND r.id <> %(besides)s
      AND r.id IN (SELECT l.request_id FROM approvals_requestline l WHERE l.account_id = %(account)s)
    ORDER BY r.id DESC LIMIT 50
)
SELECT (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM recent) AS usual,
       (SELECT count(*) FROM recent) AS usual_count
"""
