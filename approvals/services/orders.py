"""An approved request as an order: what is committed still is free again, is committed again, or is held in another month."""

from datetime import date

from django.db import transaction

from approvals.events import OrderClosed, OrderMoved, OrderOpenedAgain
from approvals.locks import lock_request
from approvals.models import Request
from approvals.selectors.orders import Order, may_close, order_of
from budgets.rules.months import first_of
from budgets.selectors.statements import keeps_books
from budgets.services import orders
from core import clock
from core.errors import NotAllowed, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish


@transaction.atomic
def close_request(*, request_id: int, reason: str, actor: User) -> Request:
    """Let go of what an approved request still commits. What was invoiced stays, and so does the approval.

    Raises NotAllowed, InvalidInput (no reason), WrongState (it is not approved, or nothing is left), ClosedPeriod, NotFound.
    """
    request = lock_request(request_id)
    order, said, now = _order(request, actor), orders.checked_reason(reason), clock.now()
    audit.record(
        actor=actor,
        verb="request.closed",
        subject=request,
        entity=request.entity,
        before={"committed": str(order.left)},
        after={"reason": said},
    )
    publish(OrderClosed(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat()))
    orders.close_order(journal_id=order.journal.pk, reason=said, actor=actor)
    return request


@transaction.atomic
def open_again(*, request_id: int, actor: User) -> Request:
    """Commit again what closing an approved request let go, the last closing first.

    Raises NotAllowed, WrongState (it was not closed; `used`: something else holds the money), ClosedPeriod, NotFound.
    """
    request = lock_request(request_id)
    order = _order(request, actor)
    if not order.closings:
        raise WrongState(f"{request.number} was not closed.", remedy="Nothing is left to do.")
    closing, now = order.closings[-1], clock.now()
    audit.record(
        actor=actor,
        verb="request.opened_again",
        subject=request,
        entity=request.entity,
        before={"closed_by": closing.pk},
        after={"state": request.state},
    )
    publish(OrderOpenedAgain(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat()))
    orders.hold_order_again(journal_id=closing.pk, actor=actor)
    return request


@transaction.atomic
def move_request(*, request_id: int, to_month: date, reason: str, actor: User) -> Request:
    """Hold what is left of an approved request in another month, as where it is delivered after the year's end.

    Raises NotAllowed (who does not keep the books), InvalidInput (no reason), WrongState (nothing is left, or it lies there),
    NoFunds (an earlier month that does not hold it), ClosedPeriod, NotFound.
    """
    request = lock_request(request_id)
    if not keeps_books(actor, request.entity):
        raise NotAllowed("Whoever keeps the books moves an order.", remedy="Ask finance.")
    order, said, now = _order(request, actor), orders.checked_reason(reason), clock.now()
    month = first_of(to_month).isoformat()
    audit.record(
        actor=actor,
        verb="request.order_moved",
        subject=request,
        entity=request.entity,
        before={"committed": str(order.left)},
        after={"month": month, "reason": said},
    )
    publish(OrderMoved(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat(), to_month=month))
    orders.move_order(journal_id=order.journal.pk, to_month=to_month, reason=said, actor=actor)
    return request


def _order(request: Request, actor: User) -> Order:
    if not may_close(actor, request):
        raise NotAllowed("This is somebody else's order.", remedy="Its requester closes it, or whoever keeps the books.")
    order = order_of(request)
    if order is None:
        raise WrongState(f"{request.number} commits nothing.", remedy="Only what is approved and committed is closed.")
    return order
