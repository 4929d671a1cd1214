"""What follows where somebody closes an order, opens it again or moves it: its requester hears of what others do."""

from datetime import date

from django.urls import reverse

from approvals.events import OrderClosed, OrderMoved, OrderOpenedAgain
from approvals.models import Request
from budgets.rules.sentences import month_name
from core.events import on
from core.services.notices import notify


@on(OrderClosed)
def tell_of_closing(event: OrderClosed) -> None:
    """Its requester hears of it where somebody else closed it."""
    _tell_of_order(event, "closed", "is closed: what was not invoiced is free again")


@on(OrderOpenedAgain)
def tell_of_opening(event: OrderOpenedAgain) -> None:
    """Its requester hears of it where somebody else opened it again."""
    _tell_of_order(event, "opened", "is open again: what closing it had freed is committed")


@on(OrderMoved)
def tell_of_moving(event: OrderMoved) -> None:
    """Its requester hears of it where somebody else moved it."""
    month = month_name(date.fromisoformat(event.to_month))
    _tell_of_order(event, "moved", f"is held in {month} now, as far as it is not invoiced")


def _tell_of_order(event: OrderClosed | OrderOpenedAgain | OrderMoved, what: str, words: str) -> None:
    request = Request.objects.select_related("entity", "requester").get(pk=event.request_id)
    if event.actor_id == request.requester_id:
        return
    notify(
        person=request.requester,
        kind=f"approvals.order_{what}",
        subject=f"{request.number} {words}: {request.title}",
        key=f"request:{request.pk}:order:{what}:{event.at}",
        entity=request.entity,
        url=reverse("approvals:request", args=[request.number]),
        level="info",
    )
