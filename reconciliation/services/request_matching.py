"""Invoices look for the requests that they answer. Only what is unique both ways is applied by itself."""

from collections.abc import Iterable, Mapping, Sequence

from core.errors import Refusal
from core.models import Entity, User
from reconciliation.models import Invoice
from reconciliation.rules import states
from reconciliation.rules.requests import Commitment, Cost, by_amount, by_number, likely
from reconciliation.selectors.commitments import costs_of_vendor, lines_in_question, open_commitments, unanswered_costs
from reconciliation.services.commitments import match_to_request
from reconciliation.services.suggesting import ScoredLine, suggest_requests

MOST_SUGGESTIONS = 5


def match_invoices(*, entity: Entity, actor: User | None, invoice_ids: Sequence[int] | None = None) -> int:
    """Match invoices that answer no request yet, or those given, to approved requests; return how many lines were matched.

    By the request's number in the invoice, or by vendor and exact amount, unique both ways; the rest become suggestions.
    """
    rows = Invoice.objects.filter(entity=entity, document_state=states.VALIDATED, suspected_of__isnull=True)
    rows = rows.exclude(match_state="matched").select_related("entity", "vendor").order_by("id")
    if invoice_ids is not None:
        rows = rows.filter(pk__in=invoice_ids)
    return sum(_match_one(invoice, actor) for invoice in rows.iterator(chunk_size=500))


def _match_one(invoice: Invoice, actor: User | None) -> int:
    costs = unanswered_costs(invoice)
    request_lines = {line.pk: line for line in lines_in_question(invoice)} if costs else {}
    commitments = open_commitments(request_lines.values())
    if not commitments:
        return 0
    applied = _apply_named(invoice, costs, commitments, actor) | _apply_exact(invoice, costs, commitments, actor)
    left = [cost for cost in costs if cost.ref not in applied]
    lines = {line.pk: line for line in invoice.lines.all()}
    scored = [
        ScoredLine(lines[line_id], request_lines[request_line_id], found)
        for line_id, request_line_id, found in likely(left, open_commitments(request_lines.values()))
    ]
    scored.sort(key=lambda each: -each.score.points)
    suggest_requests(invoice.entity, scored[: MOST_SUGGESTIONS * max(1, len(left))])
    return len(applied)


def _apply_named(invoice: Invoice, costs: Sequence[Cost], commitments: Sequence[Commitment], actor: User | None) -> set[int]:
    numbers = {each.ref: each.number for each in commitments}
    pairs = by_number(costs, commitments).sure
    why = {ref: f"The invoice names {number}, and its amount fits the commitment." for ref, number in numbers.items()}
    return _apply(pairs, actor, "request_number", why)


def _apply_exact(invoice: Invoice, costs: Sequence[Cost], commitments: Sequence[Commitment], actor: User | None) -> set[int]:
    """Apply vendor and exact amount where the invoice names no request, rivals on other invoices counted."""
    mine = {cost.ref for cost in costs if not cost.numbers}
    if not mine:
        return set()
    pairs = [pair for pair in by_amount(costs_of_vendor(invoice), commitments).sure if pair[0] in mine]
    why = "Same vendor and exactly the same amount; no other invoice and no other request fits."
    return _apply(pairs, actor, "vendor_and_amount", dict.fromkeys((ref for _, ref in pairs), why))


def _apply(pairs: Iterable[tuple[int, int]], actor: User | None, rule: str, why: Mapping[int, str]) -> set[int]:
    applied = set()
    for line_id, request_line_id in pairs:
        try:
            match_to_request(
                invoice_line_id=line_id, request_line_id=request_line_id, actor=actor, rule=rule, why=why[request_line_id]
            )
        except Refusal:
            # Its month is closed, or it is coded elsewhere: it stays among the suggestions for a person.
            continue
        applied.add(line_id)
    return applied
