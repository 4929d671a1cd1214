"""What follows a posting that went over a limit, and who is told of it."""

from django.urls import reverse

from approvals.events import OverrunAsked
from approvals.handlers import settle_round
from approvals.models import Overrun
from approvals.rules.overruns import span
from approvals.selectors.overruns import notes_of_overruns
from approvals.services.overruns import attend_overruns
from budgets.events import Posted
from budgets.selectors.notes import notes_by
from core.events import on
from core.services.notices import notify


@on(Posted)
def look_at_limits(event: Posted) -> None:
    """Ask about what facts took over a limit, and end what a credit brought back."""
    attend_overruns(journal_id=event.journal_id)


@on(OverrunAsked)
def tell_asker(event: OverrunAsked) -> None:
    """Whoever it is asked for hears of it: it is about their budget."""
    overrun = Overrun.objects.select_related("request__requester", "entity").get(pk=event.overrun_id)
    request = overrun.request
    if request is None or overrun.state != Overrun.State.ASKED:
        return
    # What was asked about less in the round before is no longer asked.
    settle_round(request, request.round - 1)
    over = f"{overrun.name}, {span(overrun.first, overrun.last)}, is {overrun.amount:,.2f} {overrun.currency} over its limit"
    notify(
        person=request.requester,
        kind="approvals.overrun_asked",
        subject=f"{over}: {request.number} asks about it in your name",
        key=f"overrun:{overrun.pk}:{request.round}:asked",
        entity=overrun.entity,
        body=f"{over}. {request.number} waits for those who decide. Budget that is moved, or spend that is re-coded, ends it.",
        url=reverse("approvals:request", args=[request.number]),
        level="watch",
    )


notes_by(notes_of_overruns)
