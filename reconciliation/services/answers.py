"""What a person answers to a suggestion."""

from django.db import transaction

from core import clock
from core.errors import NotFound, Stale
from core.models import User
from core.services.audit import record
from reconciliation.models import Suggestion
from reconciliation.services.commitments import match_to_request
from reconciliation.services.payments import allocate


@transaction.atomic
def accept_suggestion(*, suggestion_id: int, actor: User) -> Suggestion:
    """Do what a suggestion says. Raises Stale where it was answered or is no longer possible, and what the match raises."""
    suggestion = _open(suggestion_id)
    why = f"Suggested, and accepted by a person. {' '.join(suggestion.reasons)}"
    if suggestion.kind == Suggestion.Kind.PAYMENT:
        allocate(
            payment_id=suggestion.payment_id or 0,
            invoice_id=suggestion.invoice_id,
            amount=suggestion.amount,
            actor=actor,
            rule="suggestion",
            why=why,
        )
    else:
        match_to_request(
            invoice_line_id=suggestion.invoice_line_id or 0,
            request_line_id=suggestion.request_line_id or 0,
            actor=actor,
            rule="suggestion",
            why=why,
        )
    _answer(suggestion, Suggestion.State.ACCEPTED, actor, while_in=(Suggestion.State.OPEN, Suggestion.State.LAPSED))
    return suggestion


@transaction.atomic
def dismiss_suggestion(*, suggestion_id: int, actor: User) -> Suggestion:
    """Say that a suggestion is wrong; it is not made again. Raises Stale where it was answered."""
    suggestion = _open(suggestion_id)
    _answer(suggestion, Suggestion.State.DISMISSED, actor, while_in=(Suggestion.State.OPEN,))
    return suggestion


def _open(suggestion_id: int) -> Suggestion:
    suggestion = Suggestion.objects.select_related("entity").filter(pk=suggestion_id).first()
    if suggestion is None:
        raise NotFound("There is no such suggestion.", remedy="Go back to the list of suggestions.")
    if suggestion.state != Suggestion.State.OPEN:
        raise _stale()
    return suggestion


def _answer(suggestion: Suggestion, state: str, actor: User, *, while_in: tuple[str, ...]) -> None:
    answered = Suggestion.objects.filter(pk=suggestion.pk, state__in=while_in).update(
        state=state, decided_at=clock.now(), decided_by=actor
    )
    if not answered:
        raise _stale()
    suggestion.refresh_from_db()
    record(actor=actor, verb=f"suggestion.{state}", subject=suggestion, entity=suggestion.entity)


def _stale() -> Stale:
    return Stale("This suggestion was answered, or is no longer possible.", remedy="Look at the list again.")
