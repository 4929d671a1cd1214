"""Scenarios of reconciliation: invoices, their coding, their commitments and payments, and exceptions."""

from datetime import date
from decimal import Decimal
from typing import Any

from approvals.models import RequestLine
from approvals.services.policies import load_policy
from budgets.services.periods import close_period, reopen_period
from reconciliation.models import CommitmentMatch, ExceptionItem, Invoice, InvoiceLine, Payment
from reconciliation.services import (
    coding,
    commitments,
    exceptions,
    findings,
    folds,
    invoices,
    paid,
    payments,
    requisitions,
    suggesting,
)
from tests.factories.reconciliation import Detail, an_invoice, invoice_data, pay
from tests.trust.scenarios.ground import MARCH, POLICY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

only_reads(
    coding.lock_line,
    coding.check_codable,
    coding.check_standing,
    coding.check_account,
    coding.spend_posting,
    coding.source_of,
    coding.memo_of,
    commitments.remaining_commitment,
    findings.over_key,
    findings.unmatched_key,
    findings.gap_key,
    requisitions.unanswered,
    requisitions.requisition_key,
)
steps_of(coding.code_invoice_line, steps=[coding.code_lines, coding.set_coding, coding.announce_coded, folds.tell])
steps_of(coding.uncode_invoice_line, steps=[coding.clear_coding, findings.raise_uncoded])
steps_of(invoices.void_invoice, steps=[suggesting.lapse_suggestions_of, exceptions.resolve_exceptions])
steps_of(commitments.match_to_request, steps=[findings.raise_over_commitment, suggesting.lapse_line_suggestions])
steps_of(
    payments.allocate,
    steps=[folds.refresh_invoice, folds.refresh_payment, paid.post_paid, suggesting.lapse_suggestions, findings.raise_paid_waits],
)
steps_of(payments.undo_allocation, steps=[paid.take_back])
steps_of(coding.uncode_invoice_line, steps=[paid.take_back_paid])


def order(ground: Ground, net: str = "30.00") -> RequestLine:
    return RequestLine.objects.get(request=ground.approved(net, vendor_id=ground.vendor.pk))


def coded(ground: Ground, **more: Any) -> Invoice:
    """Record an invoice of 121.00, of which 21.00 come back: 100.00 from the budget."""
    vat = {"vat": "21.00", "recoverable": "21.00"}
    return an_invoice(ground.entity, ground.finance, account_id=ground.account.pk, month=MARCH, **vat, **more)


def paying(ground: Ground, amount: str = "121.00", **more: Any) -> Payment:
    return pay(ground.entity, ground.finance, Detail(amount, **more))[0]


@scenario(invoices.record_invoice, label="coded")
def _record_invoice(ground: Ground) -> dict[str, Any]:
    data = invoice_data(vendor_name="Streamline", account_id=ground.account.pk, month=MARCH)
    return {"entity": ground.entity, "data": data, "actor": ground.finance}


@scenario(requisitions.judge_requisition)
def _judge_requisition(ground: Ground) -> dict[str, Any]:
    load_policy(document=POLICY | {"requisition_over": 50}, entity=ground.entity, actor=None)
    return {"invoice": an_invoice(ground.entity, ground.finance)}


@scenario(invoices.record_invoice, label="perhaps here twice")
def _record_alike(ground: Ground) -> dict[str, Any]:
    an_invoice(ground.entity, ground.finance)
    return {"entity": ground.entity, "data": invoice_data("INV-1001-B"), "actor": ground.finance}


def _held(ground: Ground) -> Invoice:
    invoices.record_invoice(**_record_alike(ground))
    return Invoice.objects.get(suspected_of__isnull=False)


@scenario(invoices.clear_suspicion)
def _clear_suspicion(ground: Ground) -> dict[str, Any]:
    return {"invoice_id": _held(ground).pk, "actor": ground.finance}


@scenario(invoices.void_invoice)
def _void_invoice(ground: Ground) -> dict[str, Any]:
    first = _held(ground).suspected_of
    assert first is not None
    return {"invoice_id": first.pk, "actor": ground.finance, "reason": "The vendor sent another one."}


@scenario(coding.code_invoice_line)
def _code(ground: Ground) -> dict[str, Any]:
    line = an_invoice(ground.entity, ground.finance).lines.get()
    return {"line_id": line.pk, "account": ground.account, "month": MARCH, "actor": ground.finance}


@scenario(coding.uncode_invoice_line, label="paid")
def _uncode(ground: Ground) -> dict[str, Any]:
    payments.allocate(**_allocation(ground))
    return {"line_id": InvoiceLine.objects.get().pk, "actor": ground.finance}


@scenario(coding.uncode_invoice_line, label="coded with others")
def _uncode_one(ground: Ground) -> dict[str, Any]:
    from reconciliation.rules.invoices import LineData

    lines = tuple(
        LineData(name, Decimal(10), account_id=account.pk, month=MARCH)
        for name, account in (("Licences", ground.account), ("Courses", ground.other))
    )
    invoice = invoices.record_invoice(entity=ground.entity, data=invoice_data(lines=lines), actor=ground.finance).invoice
    first = invoice.lines.order_by("number").first()
    assert first is not None
    return {"line_id": first.pk, "actor": ground.finance}


def _match(ground: Ground, net: str) -> dict[str, Any]:
    asked = order(ground)
    line = an_invoice(ground.entity, ground.finance, net=net).lines.get()
    return {"invoice_line_id": line.pk, "request_line_id": asked.pk, "actor": ground.finance}


@scenario(commitments.match_to_request, label="beyond the commitment", small=True)
def _match_beyond(ground: Ground) -> dict[str, Any]:
    return _match(ground, "45.00")


@scenario(commitments.unmatch)
def _unmatch(ground: Ground) -> dict[str, Any]:
    match: CommitmentMatch = commitments.match_to_request(**_match_beyond(ground))
    return {"match_id": match.pk, "actor": ground.finance}


def _allocation(ground: Ground) -> dict[str, Any]:
    told = {"invoice_id": coded(ground).pk, "payment_id": paying(ground).pk, "amount": Decimal("121.00")}
    return {**told, "actor": ground.finance, "rule": "person", "why": "Chosen by a person."}


@scenario(payments.allocate, label="paid", small=True)
def _allocate(ground: Ground) -> dict[str, Any]:
    return _allocation(ground)


def _close_all(ground: Ground) -> None:
    for month in range(3, 13):
        close_period(entity=ground.entity, month=date(2026, month, 1), actor=ground.finance)


@scenario(payments.allocate, label="no open month")
def _allocate_waiting(ground: Ground) -> dict[str, Any]:
    allocation = _allocation(ground)
    _close_all(ground)
    return allocation


@scenario(payments.undo_allocation)
def _undo_allocation(ground: Ground) -> dict[str, Any]:
    return {"allocation_id": payments.allocate(**_allocation(ground)).pk, "actor": ground.finance}


@scenario(paid.post_paid_of)
def _post_paid_of(ground: Ground) -> dict[str, Any]:
    return {"invoice_id": _waiting(ground).pk}


@scenario(paid.post_waiting_paid)
def _post_waiting_paid(ground: Ground) -> dict[str, Any]:
    _waiting(ground)
    return {"entity": ground.entity, "actor": ground.finance}


def _waiting(ground: Ground) -> Invoice:
    """An invoice that was paid while no month was open; now one is."""
    payments.allocate(**_allocate_waiting(ground))
    reopen_period(entity=ground.entity, month=date(2026, 5, 1), actor=ground.finance)
    return Invoice.objects.get()


@scenario(exceptions.raise_exception)
def _raise_exception(ground: Ground) -> dict[str, Any]:
    said = {"sentence": "Something waits.", "remedy": "Look at it.", "amount": Decimal(5), "currency": "USD"}
    return {"entity": ground.entity, "code": "uncoded_invoice", "subject": ground.vendor, "key": "one", **said}


@scenario(exceptions.close_exception)
def _close_exception(ground: Ground) -> dict[str, Any]:
    item: ExceptionItem = exceptions.raise_exception(**_raise_exception(ground))
    return {"item_id": item.pk, "actor": ground.finance, "note": "It is paid by hand."}
