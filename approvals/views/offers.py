"""What a person may take back, as the pages offer it: for as long as its window is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.urls import reverse

from approvals.models import Decision
from approvals.selectors.undo import newest_to_undo, to_undo
from core import clock
from core.models import User

DONE = {"approve": "approved", "send_back": "sent back", "reject": "rejected"}
VOTED_AGAINST = "voted against"


def done_word(decision: Decision) -> str:
    """Say what a decision did. A no that a committee counts as one vote, and that ended nothing, rejected nothing."""
    return VOTED_AGAINST if decision.is_one_vote else DONE[decision.verdict]


@dataclass(frozen=True)
class Offer:
    """A decision that may be taken back, until a moment."""

    words: str
    number: str
    url: str
    until: datetime
    seconds: int


def offers_for(person: User) -> list[Offer]:
    """Return what this person may take back now, the newest first."""
    now = clock.now()
    return [offer_of(decision, now) for decision in newest_to_undo(person, now=now)]


def offer_of(decision: Decision, now: datetime) -> Offer:
    """Return the offer to take a decision back. It comes with its request and whom it was made for."""
    until = decision.undo_until or decision.decided_at
    whose = f" for {decision.on_behalf_of}" if decision.on_behalf_of else ""
    number = decision.request.number
    return Offer(
        words=f"You {done_word(decision)} {number}{whose}: {decision.request.title[:80]}",
        number=number,
        url=reverse("approvals:undo", args=[number, decision.pk]),
        until=until,
        seconds=max(ceil((until - now).total_seconds()), 0),
    )


def offers_among(decisions: Iterable[Decision], person: User, *, now: datetime) -> list[Offer]:
    """Return the offers for those of a request's decisions that are this person's and may be taken back."""
    open_still = [each.pk for each in decisions if each.person_id == person.pk and each.undo_until and each.undo_until > now]
    return [offer_of(decision, now) for decision in to_undo(person, now=now).filter(pk__in=open_still)] if open_still else []
