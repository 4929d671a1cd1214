"""Limits that facts went over and that nobody is asked about, or nobody approved: an exception with an owner, not silence."""

from django.urls import reverse

from approvals.events import OverrunEvent, OverrunLeft, OverrunSettled
from approvals.models import Overrun
from approvals.rules.overruns import span
from core.events import on
from core.services.notices import notify
from reconciliation.selectors.owners import finance_owner
from reconciliation.services.exceptions import raise_exception, resolve_exceptions


@on(OverrunLeft)
def raise_overrun(event: OverrunLeft) -> None:
    """Whoever owns the budget sees to it, else finance; they are told."""
    overrun = _overrun(event)
    if overrun.state not in (Overrun.State.UNASKED, Overrun.State.REFUSED):
        return
    where = f"{overrun.name}, {span(overrun.first, overrun.last)}"
    refused = overrun.state == Overrun.State.REFUSED and overrun.request is not None
    because = f"{overrun.request} was not approved." if refused else f"Nobody could be asked: {overrun.why}"
    owner = overrun.account.budget.owner or finance_owner(overrun.entity)
    item = raise_exception(
        entity=overrun.entity,
        code="overrun",
        subject=overrun,
        key=key_of(overrun),
        sentence=f"{where}, is {overrun.amount:,} {overrun.currency} over its limit. {because}",
        remedy="Move budget, amend it, or re-code the spend: it closes by itself once the limit is kept again.",
        amount=overrun.amount,
        currency=overrun.currency,
        owner=owner,
    )
    if owner is not None:
        notify(
            person=owner,
            kind="reconciliation.overrun",
            subject=item.sentence,
            key=f"exception:{item.pk}:{overrun.amount}",
            entity=overrun.entity,
            body=f"{item.sentence}\n\n{item.remedy}",
            url=reverse("budgets:budget", args=[overrun.account.budget.code]),
            level="watch",
        )


@on(OverrunSettled)
def resolve_overrun(event: OverrunSettled) -> None:
    """Somebody is asked, or it is approved, or over."""
    overrun = _overrun(event)
    if overrun.state not in (Overrun.State.UNASKED, Overrun.State.REFUSED):
        resolve_exceptions(entity=overrun.entity, keys=[key_of(overrun)])


def key_of(overrun: Overrun) -> str:
    """Return the key of the exception about an overrun."""
    return f"overrun:{overrun.pk}"


def _overrun(event: OverrunEvent) -> Overrun:
    related = ("entity", "account__budget__owner", "request")
    return Overrun.objects.select_related(*related).get(pk=event.overrun_id)
