"""The ways out of a refusal for lack of funds, each leading to where it is gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from approvals.models import Request, RequestLine
from approvals.selectors.advances import advance_kind, later_months
from approvals.selectors.overrides import may_be_overridden
from approvals.selectors.reserves import draw_kind, reserves_covering
from core.access import may
from core.errors import NoFunds, Refusal
from core.models import User
from core.rules.rights import Right

ZERO = Decimal(0)


@dataclass(frozen=True)
class Way:
    """A way out, in words, and where it leads."""

    words: str
    url: str

    def __str__(self) -> str:
        return self.words


def ways_for(request: Request, refusal: Refusal, person: User) -> list[Way]:
    """Return where a person can go with a request that the funds refuse."""
    line = request.lines.select_related("account__budget__cost_centre", "account__entity").order_by("-net", "number").first()
    if not isinstance(refusal, NoFunds) or line is None:
        return []
    budget = line.account.budget
    ways = [Way(f"Move budget to {line.account.name}", _move(line, refusal.details))]
    ways += _advances(line, refusal.details)
    ways += _reserves(line, refusal.details)
    if may(person, Right.REQUEST, entity=budget.entity, path=budget.cost_centre.path):
        ways.append(Way(f"Amend {budget.name}", reverse("approvals:amend", args=[budget.code])))
    spent = urlencode({"account": line.account_id, "bucket": "spent"})
    where = f"{reverse('budgets:entries', args=[budget.code])}?{spent}"
    ways.append(Way("Look at what was spent there: what belongs on another line is re-coded", where))
    if may_be_overridden(request):
        ways.append(Way("Ask that it may pass all the same: an override", reverse("approvals:override", args=[request.number])))
    return ways


def _advances(line: RequestLine, details: Mapping[str, Any]) -> list[Way]:
    """Return the way to a later month of the line, where one has something left and the month itself is what is short."""
    months = later_months(line.account, line.month) if advance_kind(line.account) else []
    if not months or details.get("window") in {"year", "life"}:
        return []
    asked = {"account": line.account_id, "into": f"{line.month:%Y-%m}", "later": f"{months[0]:%Y-%m}"}
    short = _amount(details.get("wanted")) - max(_amount(details.get("left")), ZERO)
    amount = {"amount": f"{short:.2f}"} if short > 0 else {}
    return [Way(f"Take it in advance from {months[0]:%B %Y}", f"{reverse('approvals:advance')}?{urlencode(asked | amount)}")]


def _reserves(line: RequestLine, details: Mapping[str, Any]) -> list[Way]:
    """Return the way to each reserve that is there for the line and has something left, filled in with what is short."""
    short = _amount(details.get("wanted")) - max(_amount(details.get("left")), ZERO)
    ways = []
    for reserve, left in reserves_covering(line.account, line.month):
        if not draw_kind(reserve, line.account):
            continue
        asked = {"taker": line.account_id, "month": f"{line.month:%Y-%m}"} | ({"amount": f"{short:.2f}"} if short > 0 else {})
        words = f"Draw on {reserve.name}, which has {left:,.2f} {reserve.account.currency} left"
        ways.append(Way(words, f"{reverse('approvals:draw', args=[reserve.pk])}?{urlencode(asked)}"))
    return ways


def _move(line: RequestLine, details: Mapping[str, Any]) -> str:
    """Return the page for moving budget, filled in with what is short."""
    asked: dict[str, Any] = {"to": line.account_id}
    short = _amount(details.get("wanted")) - max(_amount(details.get("left")), ZERO)
    if short > 0:
        asked[f"amount-{line.month:%Y-%m}"] = f"{short:.2f}"
    return f"{reverse('approvals:move')}?{urlencode(asked)}"


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return ZERO
