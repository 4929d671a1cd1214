"""Scenarios of orders: closed, and open again; of requests and of opening balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from approvals.services import orders as of_requests
from approvals.services import requests
from budgets.rules.months import add_months
from budgets.services import opening, orders
from tests.factories.approvals import MARCH, draft
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario

only_reads(orders.checked_reason)


def _opened(ground: Ground) -> dict[str, Any]:
    rows = [opening.OpeningRow(account_id=ground.account.pk, reference="PO-7", committed=Decimal(40))]
    told: dict[str, Any] = {
        "budget": ground.account.budget,
        "month": MARCH,
        "source_name": "Old books",
        "totals": {"committed": Decimal(40)},
    }
    posted = opening.open_budget(**told, rows=rows, actor=ground.finance)
    return {"journal_id": posted.id, "reason": "Invoiced.", "actor": ground.finance}


@scenario(orders.close_order)
def _close_order(ground: Ground) -> dict[str, Any]:
    return _opened(ground)


@scenario(orders.hold_order_again)
def _hold_order_again(ground: Ground) -> dict[str, Any]:
    return {"journal_id": orders.close_order(**_opened(ground)).id, "actor": ground.finance}


@scenario(of_requests.close_request)
def _close_request(ground: Ground) -> dict[str, Any]:
    # What the policy approves by itself.
    kept = draft(ground.requester, ground.account, "300", tags={"level": "small"})
    request = requests.submit_request(request_id=kept.pk, actor=ground.requester)
    return {"request_id": request.pk, "reason": "Nothing more comes of it.", "actor": ground.requester}


@scenario(of_requests.open_again)
def _open_again(ground: Ground) -> dict[str, Any]:
    request = of_requests.close_request(**_close_request(ground))
    return {"request_id": request.pk, "actor": ground.finance}


@scenario(orders.move_order)
def _move_order(ground: Ground) -> dict[str, Any]:
    return _opened(ground) | {"to_month": add_months(MARCH, 2)}


@scenario(of_requests.move_request)
def _move_request(ground: Ground) -> dict[str, Any]:
    return _close_request(ground) | {"to_month": add_months(MARCH, 2), "actor": ground.finance}
