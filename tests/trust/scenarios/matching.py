"""Scenarios of reconciliation: statements, what finds its match by itself, and what a person answers."""

from decimal import Decimal
from typing import Any

from approvals.models import RequestLine
from core.services import outbox
from reconciliation.models import Payment, Suggestion
from reconciliation.rules.camt import parse_statements
from reconciliation.services import (
    answers,
    duties,
    findings,
    foreseeing,
    matching,
    payments,
    request_matching,
    returns,
    statements,
    suggesting,
)
from tests.factories.reconciliation import Detail, Entry, an_invoice, camt, pay, take_statement
from tests.trust.scenarios.core import PUSHED, only
from tests.trust.scenarios.core import later as drained_later
from tests.trust.scenarios.ground import Ground, day
from tests.trust.scenarios.reconciliation import coded, order, paying
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

steps_of(
    statements.record_statement,
    steps=[
        findings.raise_gap,
        findings.raise_unbalanced,
        findings.raise_changed,
        findings.raise_returned,
        returns.note_returns,
    ],
)
only_reads(duties.refuse_settling_ones_own_approval, duties.refuse_answer_to_its_settler)
only_reads(matching.foreseen_payments, request_matching.foreseen_answers, foreseeing.foreseen_in)
steps_of(matching.match_payments, steps=[findings.raise_unmatched, suggesting.suggest_payments])
steps_of(request_matching.match_invoices, steps=[suggesting.suggest_requests])
# Their handlers call them, each in the transaction that the outbox gives it.
steps_of(outbox.drain, steps=[matching.announce_matches, request_matching.announce_answers, request_matching.match_line])


def _statement(ground: Ground, *entries: Entry, **more: Any) -> dict[str, Any]:
    [parsed] = parse_statements(camt(*entries, **more))
    return {"entity": ground.entity, "statement": parsed, "actor": ground.finance}


BATCH = Entry([Detail("60.00", end_to_end_id="E-1"), Detail("40.00", end_to_end_id="E-2")])


@scenario(statements.record_statement, label="first")
def _record_first(ground: Ground) -> dict[str, Any]:
    return _statement(ground, BATCH)


@scenario(statements.record_statement, label="after a gap, with a return")
def _record_after_gap(ground: Ground) -> dict[str, Any]:
    take_statement(ground.entity, ground.finance, camt(Entry([Detail("121.00", end_to_end_id="E-9")])))
    payment = Payment.objects.get()
    told: dict[str, Any] = {"invoice_id": coded(ground).pk, "payment_id": payment.pk, "amount": Decimal("121.00")}
    payments.allocate(**told, actor=ground.finance, rule="person", why="Chosen by a person.")
    back = Entry([Detail("-121.00", end_to_end_id="E-9")], booked_on=day(25), is_reversal=True)
    return _statement(ground, back, BATCH, opening="9000.00", identification="STMT-2", day=day(25))


@scenario(statements.record_statement, label="not adding up")
def _record_unbalanced(ground: Ground) -> dict[str, Any]:
    content = camt(BATCH).replace(b"9900.00", b"9800.00")
    [parsed] = parse_statements(content)
    return {"entity": ground.entity, "statement": parsed, "actor": ground.finance}


@scenario(statements.record_statement, label="again, with other content")
def _record_changed(ground: Ground) -> dict[str, Any]:
    take_statement(ground.entity, ground.finance, camt(BATCH))
    return _statement(ground, Entry([Detail("70.00")]))


ONE_BY_ONE = "each match in a transaction of its own"


@scenario(matching.match_payments, steps=ONE_BY_ONE)
def _match_payments(ground: Ground) -> dict[str, Any]:
    """One payment names its invoice, one is only alike."""
    coded(ground)
    an_invoice(ground.entity, ground.finance, "INV-2002", "80.00", vendor_name="Streamline")
    pay(ground.entity, ground.finance, Detail("121.00", remittance="INV-1001"), Detail("80.00", name="Streamlined"))
    return {"entity": ground.entity, "actor": ground.finance}


@scenario(request_matching.match_invoices, steps=ONE_BY_ONE)
def _match_invoices(ground: Ground) -> dict[str, Any]:
    """One invoice is of the vendor and the exact amount, one is only near."""
    order(ground)
    RequestLine.objects.get(request=ground.approved("55.00", vendor_id=ground.vendor.pk, title="Training"))
    an_invoice(ground.entity, ground.finance, net="30.00")
    an_invoice(ground.entity, ground.finance, "INV-3003", "54.00")
    return {"entity": ground.entity, "actor": ground.finance}


AN_EVENT: dict[str, Any] = {"steps": "each event in a transaction of its own", "notes": PUSHED, "again": drained_later}


@scenario(outbox.drain, label="looking for matches", **AN_EVENT)
def _drain_recorded(ground: Ground) -> dict[str, Any]:
    """What an invoice answers and what pays it are here already: both are announced."""
    order(ground)
    paying(ground, "30.00", remittance="INV-1001")
    an_invoice(ground.entity, ground.finance, net="30.00")
    return only("reconciliation.invoice_recorded")


@scenario(outbox.drain, label="applying an answer", **AN_EVENT)
def _drain_answer(ground: Ground) -> dict[str, Any]:
    outbox.drain(**_drain_recorded(ground))
    return only("reconciliation.answer_found")


@scenario(outbox.drain, label="applying a payment", **AN_EVENT)
def _drain_payment(ground: Ground) -> dict[str, Any]:
    outbox.drain(**_drain_recorded(ground))
    return only("reconciliation.payment_match_found")


def _suggestion(ground: Ground) -> Suggestion:
    matching.match_payments(**_match_payments(ground))
    return Suggestion.objects.get(state="open")


@scenario(answers.accept_suggestion, label="of a payment")
def _accept(ground: Ground) -> dict[str, Any]:
    return {"suggestion_id": _suggestion(ground).pk, "actor": ground.finance}


@scenario(answers.accept_suggestion, label="of a request")
def _accept_request(ground: Ground) -> dict[str, Any]:
    request_matching.match_invoices(**_match_invoices(ground))
    suggestion = Suggestion.objects.filter(state="open").order_by("id").first()
    assert suggestion is not None
    return {"suggestion_id": suggestion.pk, "actor": ground.finance}


@scenario(answers.dismiss_suggestion)
def _dismiss(ground: Ground) -> dict[str, Any]:
    return {"suggestion_id": _suggestion(ground).pk, "actor": ground.finance}
