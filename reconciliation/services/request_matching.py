"""Invoices look for the requests that they answer. Only what is unique both ways is applied by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import QuerySet

from approvals.models import RequestLine
from core.errors import Refusal
from core.models import Entity, User
from core.services.outbox import publish
from reconciliation.events import AnswerFound
from reconciliation.models import Invoice, InvoiceLine
from reconciliation.rules import states
from reconciliation.rules.requests import Commitment, Cost, by_amount, by_number, likely
from reconciliation.selectors.commitments import costs_of_vendor, lines_in_question, open_commitments, unanswered_costs
from reconciliation.services.commitments import match_to_request
from reconciliation.services.suggesting import ScoredLine, suggest_requests

MOST_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A line and the request line that it answers, beyond doubt: by which rule, and why in a sentence."""

    line_id: int
    request_line_id: int
    rule: str
    why: str


Act = Callable[[Found], bool]


def match_invoices(*, entity: Entity, actor: User | None, invoice_ids: Sequence[int] | None = None) -> int:
    """Match invoices that answer no request yet, or those given, to approved requests; return how many lines were matched.

    By the request's number in the invoice, or by vendor and exact amount, unique both ways; the rest become suggestions.
    """
    act = partial(_apply, actor=actor)
    return sum(_match(invoice, act) for invoice in _unanswered(entity, invoice_ids).iterator(chunk_size=500))


def announce_answers(*, entity: Entity, invoice_ids: Sequence[int]) -> int:
    """Find what `match_invoices` would apply and announce each line, to be applied in a transaction of its own."""
    return sum(_match(invoice, _announce) for invoice in _unanswered(entity, invoice_ids).iterator(chunk_size=500))


def foreseen_answers(*, entity: Entity) -> list[Found]:
    """Return what `match_invoices` would apply now. Changes nothing.

    What is refused when it is applied is left to a person then, such as the second of two invoices that name one request.
    """
    answers: list[Found] = []
    for invoice in _unanswered(entity, None).iterator(chunk_size=500):
        costs, commitments, _ = _questions(invoice)
        answers += _sure(invoice, costs, commitments) if commitments else []
    return answers


def match_line(*, invoice_line: InvoiceLine, actor: User | None) -> int:
    """Look again for what one line answers, and apply it where it is still beyond doubt."""
    invoice = _unanswered(invoice_line.invoice.entity, [invoice_line.invoice_id]).first()
    return _match(invoice, partial(_apply, actor=actor), only=invoice_line.pk) if invoice else 0


def _unanswered(entity: Entity, invoice_ids: Sequence[int] | None) -> QuerySet[Invoice]:
    rows = Invoice.objects.filter(entity=entity, document_state=states.VALIDATED, suspected_of__isnull=True)
    rows = rows.exclude(match_state="matched").select_related("entity", "vendor").order_by("id")
    return rows if invoice_ids is None else rows.filter(pk__in=invoice_ids)


def _match(invoice: Invoice, act: Act, *, only: int | None = None) -> int:
    costs, commitments, request_lines = _questions(invoice)
    if not commitments:
        return 0
    found = [found for found in _sure(invoice, costs, commitments) if only in (None, found.line_id)]
    applied = {each.line_id for each in found if act(each)}
    left = [cost for cost in costs if cost.ref not in applied and only in (None, cost.ref)]
    _suggest(invoice, left, request_lines)
    return len(applied)


def _questions(invoice: Invoice) -> tuple[Sequence[Cost], Sequence[Commitment], Mapping[int, RequestLine]]:
    """Return the costs of an invoice that answer nothing yet, the commitments that they may answer, and their lines."""
    costs = unanswered_costs(invoice)
    request_lines = {line.pk: line for line in lines_in_question(invoice)} if costs else {}
    return costs, open_commitments(request_lines.values()), request_lines


def _sure(invoice: Invoice, costs: Sequence[Cost], commitments: Sequence[Commitment]) -> list[Found]:
    """Return what is beyond doubt: by the request that the invoice names, else by vendor and exact amount, rivals counted."""
    numbers = {each.ref: each.number for each in commitments}
    named = [
        Found(line, request, "request_number", f"The invoice names {numbers[request]}, and its amount fits the commitment.")
        for line, request in by_number(costs, commitments).sure
    ]
    nameless = {cost.ref for cost in costs if not cost.numbers}
    pairs = by_amount(costs_of_vendor(invoice), commitments).sure if nameless else ()
    why = "Same vendor and exactly the same amount; no other invoice and no other request fits."
    return named + [Found(line, request, "vendor_and_amount", why) for line, request in pairs if line in nameless]


def _announce(found: Found) -> bool:
    publish(AnswerFound(invoice_line_id=found.line_id))
    return True


def _apply(found: Found, *, actor: User | None) -> bool:
    try:
        match_to_request(
            invoice_line_id=found.line_id, request_line_id=found.request_line_id, actor=actor, rule=found.rule, why=found.why
        )
    except Refusal:
        # Its month is closed, or it is coded elsewhere: it stays among the suggestions for a person.
        return False
    return True


def _suggest(invoice: Invoice, left: Sequence[Cost], request_lines: Mapping[int, RequestLine]) -> None:
    lines = {line.pk: line for line in invoice.lines.all()}
    scored = [
        ScoredLine(lines[line_id], request_lines[request_line_id], found)
        for line_id, request_line_id, found in likely(left, open_commitments(request_lines.values()))
    ]
    scored.sort(key=lambda each: -each.score.points)
    suggest_requests(invoice.entity, scored[: MOST_SUGGESTIONS * max(1, len(left))])
