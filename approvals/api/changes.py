"""Changes of budgets for programs: what is moved from one budget line to another."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from rest_framework import serializers

from approvals.models import Request
from approvals.selectors.moves import Move, Way, sides_of, way_of
from approvals.services.virements import move_budget
from budgets.models import FundsAccount
from budgets.selectors.accounts import access_account_by_id
from core.api.acts import write
from core.api.endpoint import Endpoint
from core.api.fields import AmountField, MonthField
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.rules.rights import Right

ASKS = frozenset({Right.REQUEST})


class MoveMonthSerializer(Taken):
    """What is moved in one month."""

    month = MonthField()
    amount = AmountField()


class MoveSerializer(Taken):
    """From which budget line to which, how much in each month, and why."""

    giver = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The account that gives.")
    taker = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The account that is given to.")
    months = MoveMonthSerializer(many=True, allow_empty=False, help_text="None twice.")
    reason = serializers.CharField(max_length=2000)


class SideSerializer(Given):
    """A budget line before and after, over all months, in its currency."""

    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    allotted_before = AmountField(source="before.allotted")
    allotted_after = AmountField()
    available_before = AmountField(source="before.available")
    available_after = AmountField()


class MovedSerializer(Given):
    """What came of it: a request that waits for a decision, or a journal where nobody had to be asked."""

    request = serializers.CharField(allow_null=True, help_text="The number of the request.")
    journal = serializers.IntegerField(allow_null=True)
    why = serializers.CharField(help_text="Why it was asked for, or done at once.")
    giver = SideSerializer()
    taker = SideSerializer()


@dataclass(frozen=True)
class MovedShown:
    """What is given back, as it is written."""

    request: str | None
    journal: int | None
    why: str
    giver: Any
    taker: Any


class Moves(Endpoint[Request]):
    """Moving budget from one line to another."""

    room = "approvals"
    model = Request
    rights = ASKS
    shows = MovedSerializer

    @write(takes=MoveSerializer, gives=MovedSerializer, status=201, rights=ASKS)
    def create(self, data: dict[str, Any]) -> MovedShown:
        """Move budget: at once where nobody has to be asked, else as a request that holds the amount until it is decided.

        A dry run gives both sides before and after.
        """
        move = Move(self._line(data["giver"]), self._line(data["taker"]), _by_month(data["months"]), data["reason"])
        way: Way = way_of(move)
        sides = sides_of(move.giver, move.taker, move.amounts)
        moved = move_budget(actor=self.person, move=move, form_key=uuid4())
        number = moved.request.number if moved.request else None
        return MovedShown(number, moved.journal.id if moved.journal else None, way.why, *sides)

    def _line(self, number: int) -> FundsAccount:
        return access_account_by_id(self.person, number, Right.REQUEST)


def _by_month(rows: list[dict[str, Any]]) -> dict[Any, Decimal]:
    months = {row["month"]: row["amount"] for row in rows}
    if len(months) != len(rows):
        raise InvalidInput(
            "A month is named twice.", remedy="State one amount for each month.", details={"months": "None twice."}
        )
    return months
