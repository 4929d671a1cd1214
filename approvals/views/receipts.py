"""A decision's receipt: as a page, and as the file that is verified elsewhere."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from approvals.models import Receipt
from approvals.selectors.receipts import access_receipt_by_number, line_of
from approvals.selectors.requests import access_request_by_number
from approvals.views.person import person_of
from approvals.views.story import VERDICTS


@dataclass(frozen=True)
class ReceiptRow:
    """A receipt in a list."""

    number: int
    words: str
    at: Any


def receipt_row(receipt: Receipt) -> ReceiptRow:
    """Return a receipt as a list shows it. It comes with its decision and who decided."""
    verdict, person = VERDICTS[receipt.decision.verdict], receipt.decision.person or receipt.decision.who
    if receipt.kind == Receipt.Kind.TAKEN_BACK:
        return ReceiptRow(receipt.number, f"{person} took back: {verdict.lower()}", receipt.decision.voided_at)
    return ReceiptRow(receipt.number, f"{verdict} by {person}", receipt.decision.decided_at)


@require_safe
def page(request: HttpRequest, number: str, receipt_number: int) -> HttpResponse:
    """Show what a decision was made on. Raises NotFound."""
    found = access_request_by_number(person_of(request), number)
    receipt = access_receipt_by_number(found, receipt_number)
    said = json.loads(receipt.body)
    moments = {name: parse_datetime(said[name]) for name in ("decided_at", "taken_back_at") if name in said}
    if content := said.get("content"):
        content["amount"] = Decimal(content["amount"])
        for line in content["lines"]:
            line |= {name: Decimal(line[name]) for name in ("net", "vat", "recoverable")}
    context = {"request_": found, "receipt": receipt, "row": receipt_row(receipt), "said": said | moments}
    return render(request, "approvals/receipt.html", context)


@require_safe
def file(request: HttpRequest, number: str, receipt_number: int) -> HttpResponse:
    """Hand a receipt out as the one line of JSON that verify_receipts.py reads. Raises NotFound."""
    found = access_request_by_number(person_of(request), number)
    receipt = access_receipt_by_number(found, receipt_number)
    response = HttpResponse(f"{line_of(receipt)}\n", content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{found.number}-receipt-{receipt.number}.json"'
    return response
