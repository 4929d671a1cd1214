"""Receipts of a request's decisions, as JSON, and as the file that verify_receipts.py reads."""

import hashlib
from io import BytesIO

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.queue import ANYBODY, NUMBERED, PLACE
from approvals.models import Receipt, Request
from approvals.selectors.receipts import access_receipt_by_number, line_of, receipts_of
from approvals.selectors.requests import access_request_by_number
from core.api.acts import download
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.files import Sent
from core.api.serializers import Given


class ReceiptSerializer(Given):
    """A receipt's place in its organization's chain."""

    number = serializers.IntegerField(help_text="Its place in the organization's chain, from 1 on.")
    entity = serializers.CharField(source="entity.code")
    request = serializers.CharField(source="request.number")
    decision = serializers.IntegerField(source="decision_id")
    kind = serializers.ChoiceField(Receipt.Kind.choices)
    person = serializers.CharField(
        source="decision.person.name", allow_null=True, help_text="Who decided; null: the policy itself."
    )
    prev = serializers.CharField(help_text="The hash of the receipt before it; empty for the first.")
    hash = serializers.CharField(help_text="SHA-256 of prev, entity, number and body, joined by line feeds.")
    recorded_at = MomentField(help_text="By the database's clock; not hashed.")


class ReceiptWholeSerializer(ReceiptSerializer):
    """A receipt with what it says."""

    body = serializers.CharField(help_text="The very text that is hashed, as UTF-8: canonical JSON.")


class Receipts(Listed[Receipt], Shown[Receipt]):
    """What the decisions on a request were made on, the oldest first."""

    room = "approvals"
    model = Receipt
    rights = ANYBODY
    shows = ReceiptWholeSerializer
    lists = ReceiptSerializer
    orderings = ("number", "-number")
    lookup_url_kwarg = "receipt"
    places = {"number": (PLACE, NUMBERED), "receipt": (NUMBER, "The receipt's number in the organization's chain.")}

    def rows(self) -> QuerySet[Receipt]:
        return receipts_of(self._holder())

    def one(self) -> Receipt:
        return access_receipt_by_number(self._holder(), self.number("receipt"))

    def _holder(self) -> Request:
        return access_request_by_number(self.person, self.kwargs["number"])

    @download(sends="application/json")
    def content(self, receipt: Receipt) -> Sent:
        """Hand the receipt out as the one line that verify_receipts.py reads, the same as from the request's page."""
        line = f"{line_of(receipt)}\n".encode()
        name = f"{receipt.request.number}-receipt-{receipt.number}.json"
        return Sent(BytesIO(line), name, "application/json", len(line), hashlib.sha256(line).hexdigest())
