"""Suggestions: made by matching, answered by a person, gone when one of their sides is settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from approvals.models import RequestLine
from core import clock
from core.models import Entity
from reconciliation.models import Invoice, InvoiceLine, Payment, Suggestion
from reconciliation.rules.scores import Score

KEPT = ["score", "reasons", "amount", "state"]


@dataclass(frozen=True, slots=True)
class Scored:
    """A payment, an invoice it may settle, and how likely that is."""

    payment: Payment
    invoice: Invoice
    score: Score


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """An invoice line, a request line that it may answer, and how likely that is."""

    line: InvoiceLine
    request_line: RequestLine
    score: Score


@transaction.atomic
def suggest_payments(entity: Entity, scored: Sequence[Scored]) -> None:
    """Keep suggestions up to date. What a person dismissed stays dismissed."""
    payments = {each.payment.pk for each in scored}
    known = {_sides(row): row for row in Suggestion.objects.filter(kind=Suggestion.Kind.PAYMENT, payment_id__in=payments)}
    fresh = [
        Suggestion(
            entity=entity,
            kind=Suggestion.Kind.PAYMENT,
            payment=each.payment,
            invoice=each.invoice,
            amount=min(each.payment.open_amount, each.invoice.open_amount, key=abs),
            score=each.score.points,
            reasons=list(each.score.reasons),
            made_at=clock.now(),
        )
        for each in scored
    ]
    _keep(fresh, known)


@transaction.atomic
def suggest_requests(entity: Entity, scored: Sequence[ScoredLine]) -> None:
    """Keep the suggestions between invoice lines and request lines up to date."""
    lines = {each.line.pk for each in scored}
    known = {_sides(row): row for row in Suggestion.objects.filter(kind=Suggestion.Kind.COMMITMENT, invoice_line_id__in=lines)}
    fresh = [
        Suggestion(
            entity=entity,
            kind=Suggestion.Kind.COMMITMENT,
            invoice=each.line.invoice,
            invoice_line=each.line,
            request_line=each.request_line,
            amount=each.line.amount,
            score=each.score.points,
            reasons=list(each.score.reasons),
            made_at=clock.now(),
        )
        for each in scored
    ]
    _keep(fresh, known)


def _sides(row: Suggestion) -> tuple[int | None, int | None]:
    """Return what a suggestion joins: it is unique by these."""
    if row.kind == Suggestion.Kind.PAYMENT:
        return (row.payment_id, row.invoice_id)
    return (row.invoice_line_id, row.request_line_id)


def _keep(fresh: Sequence[Suggestion], known: Mapping[tuple[int | None, int | None], Suggestion]) -> None:
    Suggestion.objects.bulk_create([row for row in fresh if _sides(row) not in known], ignore_conflicts=True)
    changed = []
    for row in fresh:
        old = known.get(_sides(row))
        if old and old.state in (Suggestion.State.OPEN, Suggestion.State.LAPSED):
            old.score, old.reasons, old.amount, old.state = row.score, row.reasons, row.amount, Suggestion.State.OPEN
            changed.append(old)
    Suggestion.objects.bulk_update(changed, KEPT)


def lapse_suggestions(*, payment: Payment, invoice: Invoice) -> None:
    """Let the open suggestions go whose payment or invoice has nothing left to match."""
    still_open = Suggestion.objects.filter(kind=Suggestion.Kind.PAYMENT, state=Suggestion.State.OPEN)
    if payment.open_amount == 0:
        still_open.filter(payment=payment).update(state=Suggestion.State.LAPSED)
    if invoice.open_amount == 0:
        still_open.filter(invoice=invoice).update(state=Suggestion.State.LAPSED)


def lapse_line_suggestions(line: InvoiceLine, request_line: RequestLine, *, is_used_up: bool) -> None:
    """Let the open suggestions of a matched invoice line go, and those of a request line of which nothing is left."""
    still_open = Suggestion.objects.filter(kind=Suggestion.Kind.COMMITMENT, state=Suggestion.State.OPEN)
    still_open.filter(invoice_line=line).update(state=Suggestion.State.LAPSED)
    if is_used_up:
        still_open.filter(request_line=request_line).update(state=Suggestion.State.LAPSED)


def lapse_suggestions_of(invoice: Invoice) -> None:
    """Let every open suggestion go that speaks of an invoice which is void."""
    of_it = Q(invoice=invoice) | Q(invoice_line__invoice=invoice)
    Suggestion.objects.filter(of_it, state=Suggestion.State.OPEN).update(state=Suggestion.State.LAPSED)
