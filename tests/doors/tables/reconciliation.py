"""The doors of reconciliation: files, invoices, payments, matches, exceptions. They belong to an organization as a whole."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.doors.words import AUDIT, RECONCILE, Answer, Door, Things, act, form, may, page, reads
from tests.trust.scenarios.imports import FINE, SPEND_HEADER

LIST = reads(RECONCILE, AUDIT)
LOOK = reads(RECONCILE, AUDIT, whole=True)
WORK = may(RECONCILE, whole=True)


def _upload(things: Things) -> dict[str, Any]:
    content = f"{SPEND_HEADER}\n{FINE.replace('INV-1', 'INV-77')}\n".encode()
    return {"source": things.get("source", ""), "file": SimpleUploadedFile("new.csv", content)}


DOORS: list[Door] = [
    page("reconciliation:home", LIST),
    act("reconciliation:look-for-matches", may(RECONCILE), changes=("core_job",), changed_by=("finance",)),
    page("reconciliation:imports", LIST),
    form(
        "reconciliation:import-new",
        reads(RECONCILE),
        post=may(RECONCILE, bookkeeper=Answer.WRONG),
        body=_upload,
        names=("source",),
        changes=("reconciliation_importfile",),
    ),
    page("reconciliation:import", LOOK, import_id="import"),
    page("reconciliation:import-preview", LOOK, import_id="new_import"),
    act("reconciliation:import-start", WORK, import_id="new_import", changes=("core_job",)),
    act("reconciliation:import-retry", WORK, import_id="import"),
    page("reconciliation:import-download", LOOK, import_id="import"),
    page("reconciliation:import-rows", LOOK, import_id="import"),
    page("reconciliation:import-row", LOOK, row_id="row"),
    act(
        "reconciliation:import-row-fix",
        WORK,
        row_id="row",
        body=lambda things: {"category": "software"},
        changes=("reconciliation_rawrow",),
    ),
    act(
        "reconciliation:import-row-ignore",
        WORK,
        row_id="row",
        body=lambda things: {"ignore-reason": "A test row."},
        changes=("reconciliation_rawrow",),
    ),
    act("reconciliation:import-row-accept", WORK, row_id="changed_row", changes=("reconciliation_rawrow",)),
    form(
        "reconciliation:source-expect",
        WORK,
        source_id="source",
        body=lambda things: {"system": "cards", "cadence": "weekly", "grace_days": "2"},
        changes=("reconciliation_source",),
    ),
    page("reconciliation:invoices", LIST),
    page("reconciliation:invoices-csv", LIST),
    page("reconciliation:invoice", LOOK, invoice_id="invoice"),
    act(
        "reconciliation:invoice-void",
        WORK,
        invoice_id="invoice",
        body=lambda things: {"reason": "The vendor sent another one."},
        changes=("reconciliation_invoice",),
    ),
    act("reconciliation:invoice-clear", WORK, invoice_id="held", changes=("reconciliation_invoice",)),
    act(
        "reconciliation:invoice-row-confirm",
        WORK,
        invoice_id="doubled",
        row_id="besides_row",
        changes=("reconciliation_confirmation",),
    ),
    act(
        "reconciliation:invoice-row-release",
        WORK,
        invoice_id="doubled",
        row_id="confirmed_row",
        changes=("reconciliation_confirmation",),
    ),
    act(
        "reconciliation:line-code",
        WORK,
        line_id="line",
        body=lambda things: {"account": things.get("account", ""), "month": "2026-03-01"},
        names=("account",),
        changes=("reconciliation_invoiceline",),
    ),
    act("reconciliation:line-uncode", WORK, line_id="coded_line", changes=("reconciliation_invoiceline",)),
    act(
        "reconciliation:line-match",
        WORK,
        line_id="line",
        body=lambda things: {"request_line": things.get("approved_line", "")},
        names=("request_line",),
        changes=("reconciliation_commitmentmatch",),
    ),
    act("reconciliation:match-undo", WORK, match_id="match", changes=("reconciliation_commitmentmatch",)),
    page("reconciliation:payments", LIST),
    page("reconciliation:payment", LOOK, payment_id="payment"),
    act(
        "reconciliation:payment-allocate",
        WORK,
        payment_id="payment",
        body=lambda things: {"invoice_number": things.get("invoice_number", ""), "amount": "80.00"},
        names=("invoice_number",),
        changes=("reconciliation_allocation",),
    ),
    act("reconciliation:allocation-undo", WORK, allocation_id="allocation", changes=("reconciliation_allocation",)),
    page("reconciliation:suggestions", LIST),
    act(
        "reconciliation:suggestion-accept",
        WORK,
        suggestion_id="suggestion",
        changes=("reconciliation_suggestion",),
    ),
    act("reconciliation:suggestion-dismiss", WORK, suggestion_id="suggestion", changes=("reconciliation_suggestion",)),
    page("reconciliation:exceptions", LIST),
    act(
        "reconciliation:exception-close",
        WORK,
        item_id="exception",
        body=lambda things: {"note": "It is settled by hand."},
        changes=("reconciliation_exceptionitem",),
    ),
]
