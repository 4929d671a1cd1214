"""The register of contracts, as JSON."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.filters import ContractFilter
from approvals.models import Contract
from approvals.selectors.contracts import contracts_seen, shown
from core.api.endpoint import Listed
from core.api.fields import AmountField
from core.api.serializers import Given
from core.rules.rights import Right


class ContractSerializer(Given):
    """A contract that was approved."""

    request = serializers.CharField(source="request.number", help_text="The request that was approved.")
    entity = serializers.CharField(source="request.entity.code")
    vendor = serializers.CharField(source="request.vendor.name")
    title = serializers.CharField(source="request.title")
    requester = serializers.CharField(source="request.requester.name")
    from_on = serializers.DateField(source="contract.from_on")
    until_on = serializers.DateField(source="contract.until_on")
    notice_days = serializers.IntegerField(source="contract.notice_days")
    notice_on = serializers.DateField(help_text="The last day for notice.")
    state = serializers.CharField(source="word", help_text="How it stands today, in words.")
    currency = serializers.CharField(source="request.currency")
    total_value = AmountField(source="contract.total_value", help_text="Without VAT, over its whole term.")
    called_off = AmountField(help_text="Asked for under it by other requests that wait or are approved, without VAT.")
    left = AmountField(
        help_text="Of its value, after its own lines and what was called off; below zero where somebody decided so."
    )
    committed = AmountField(help_text="Of its lines, and not spent yet.")
    spent = AmountField()


class Contracts(Listed[Contract]):
    """Contracts of the requests that one may see, in force and ended."""

    room = "approvals"
    model = Contract
    rights = frozenset({Right.REQUEST, Right.DECIDE, Right.AUDIT})
    shows = ContractSerializer
    filterset_class = ContractFilter
    orderings = ("until_on", "-until_on", "-id", "id")

    def rows(self) -> QuerySet[Contract]:
        return contracts_seen(self.person)

    def dress(self, rows: Sequence[Contract]) -> list[Any]:
        return list(shown(rows))
