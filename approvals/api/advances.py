"""Advances on later months, for programs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from rest_framework import serializers

from approvals.models import Request
from approvals.selectors.advances import MonthSide, Taking, sides_of_taking
from approvals.services.advances import ask_advance
from budgets.selectors.accounts import access_account_by_id
from core.api.acts import write
from core.api.endpoint import Endpoint
from core.api.fields import AmountField, MonthField
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.rules.rights import Right

ASKS = frozenset({Right.REQUEST})


class LaterMonthSerializer(Taken):
    """What is taken from one later month."""

    month = MonthField()
    amount = AmountField()


class AdvanceTakenSerializer(Taken):
    """Into which month of which budget line, from which later ones, and why."""

    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    into = MonthField()
    months = LaterMonthSerializer(many=True, allow_empty=False, help_text="None twice.")
    reason = serializers.CharField(max_length=2000)


class MonthSideSerializer(Given):
    """A month before and after, in the line's currency."""

    month = MonthField()
    allotted_before = AmountField(source="before.allotted")
    allotted_after = AmountField()
    available_before = AmountField(source="before.available")
    available_after = AmountField()


class AdvanceAskedSerializer(Given):
    """The request that holds it until it is decided, and the months as they would be."""

    request = serializers.CharField(help_text="The number of the request.")
    months = MonthSideSerializer(many=True)


@dataclass(frozen=True)
class Asked:
    """What is given back, as it is written."""

    request: str
    months: list[MonthSide]


class Advances(Endpoint[Request]):
    """Taking money of later months in advance."""

    room = "approvals"
    model = Request
    rights = ASKS
    shows = AdvanceAskedSerializer

    @write(takes=AdvanceTakenSerializer, gives=AdvanceAskedSerializer, status=201, rights=ASKS)
    def create(self, data: dict[str, Any]) -> Asked:
        """Ask for an advance; it holds the later months' money until it is decided.

        A dry run gives the months as they would be.
        """
        account = access_account_by_id(self.person, data["account"], Right.REQUEST)
        taking = Taking(account, data["into"], _by_month(data["months"]), data["reason"])
        months = sides_of_taking(taking)
        made = ask_advance(actor=self.person, taking=taking, form_key=uuid4())
        return Asked(made.number, months)


def _by_month(rows: list[dict[str, Any]]) -> dict[date, Decimal]:
    months = {row["month"]: row["amount"] for row in rows}
    if len(months) != len(rows):
        raise InvalidInput(
            "A month is named twice.", remedy="State one amount for each month.", details={"months": "None twice."}
        )
    return months
