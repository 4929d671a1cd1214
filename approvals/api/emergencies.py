"""Emergencies and what is owed for them: declared, seen, answered."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.models import Debt, Emergency
from approvals.selectors.emergencies import access_debt_by_id, access_emergency_by_number, debts_seen, emergencies_seen
from approvals.selectors.requests import access_request_by_number
from approvals.services.emergencies import EmergencyData, declare_emergency, pay_debt
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import AmountField, MomentField
from core.api.serializers import Given, Taken
from core.models import User
from core.rules.rights import Right

ANYBODY = frozenset(Right)
PLACE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 20}


class DebtSerializer(Given):
    """What is owed for an emergency."""

    id = serializers.IntegerField()
    emergency = serializers.CharField(source="emergency.request.number", help_text="The number of its request.")
    kind = serializers.ChoiceField(Debt.Kind.choices)
    owner = serializers.CharField(source="owner.email", help_text="Who owes it.")
    due_at = MomentField()
    text = serializers.CharField(help_text="The review, or the impact as the requester states it.")
    breached_at = MomentField(allow_null=True, help_text="The deadline that passed.")
    closed_at = MomentField(allow_null=True)
    closed_by = serializers.CharField(source="closed_by.email", allow_null=True)
    outcome = serializers.CharField(help_text="confirmed, denied, reviewed, goes_on, ends; empty while it is owed.")
    remark = serializers.CharField()


class EmergencySerializer(Given):
    """A request that was committed at once, on somebody's word."""

    request = serializers.CharField(source="request.number")
    entity = serializers.CharField(source="request.entity.code")
    requester = serializers.CharField(source="requester.email")
    approver = serializers.CharField(source="approver.email", help_text="Who said yes by word.")
    criterion = serializers.CharField()
    spoken_at = MomentField()
    words = serializers.CharField()
    amount = AmountField(help_text="In the organization's currency.")
    declared_at = MomentField()
    denied_at = MomentField(allow_null=True, help_text="When the approver denied it; what was not spent is free since.")
    debts = DebtSerializer(many=True, source="owed")


class DeclaringSerializer(Taken):
    """A draft of the caller's, and what makes it an emergency."""

    request = serializers.CharField(max_length=20, help_text="The draft's number.")
    criterion = serializers.CharField(max_length=200, help_text="One of those that the organization states.")
    approver = serializers.EmailField(help_text="Who said yes.")
    spoken_at = serializers.DateTimeField(help_text="When: within the last 24 hours.")
    words = serializers.CharField(max_length=2000, help_text="What was said, and how.")


class PayingSerializer(Taken):
    """An answer to what is owed."""

    outcome = serializers.ChoiceField(
        (("confirmed", "confirmed"), ("denied", "denied"), ("goes_on", "goes on"), ("ends", "ends here")),
        required=False,
        help_text="For the written approval and the ongoing approval.",
    )
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class Emergencies(Listed[Emergency], Shown[Emergency]):
    """Emergencies that one may see, the newest first."""

    room = "approvals"
    model = Emergency
    rights = ANYBODY
    shows = EmergencySerializer
    orderings = ("-id", "id")
    lookup_url_kwarg = "number"
    places = {"number": (PLACE, "The number of its request.")}

    def rows(self) -> QuerySet[Emergency]:
        return emergencies_seen(self.person).prefetch_related("debts__emergency__request")

    def one(self) -> Emergency:
        return access_emergency_by_number(self.person, self.kwargs["number"])

    @write(takes=DeclaringSerializer, gives=EmergencySerializer, status=201, rights=frozenset({Right.REQUEST}))
    def create(self, data: dict[str, Any]) -> Emergency:
        """Commit a draft at once, within one's role's limit, on the word of somebody who could have approved it."""
        found = access_request_by_number(self.person, data["request"])
        approver = User.objects.filter(email__iexact=data["approver"], is_active=True).first()
        said = EmergencyData(data["criterion"], approver, data["spoken_at"], data["words"])
        return declare_emergency(request_id=found.pk, actor=self.person, data=said)


class Debts(Listed[Debt], Shown[Debt]):
    """What is owed, or was, for emergencies that one may see."""

    room = "approvals"
    model = Debt
    rights = ANYBODY
    shows = DebtSerializer
    orderings = ("due_at", "-id", "id")
    places = {"id": (NUMBER, "The debt's number.")}

    def rows(self) -> QuerySet[Debt]:
        return debts_seen(self.person)

    def one(self) -> Debt:
        return access_debt_by_id(self.person, self.number())

    @write(takes=PayingSerializer, gives=DebtSerializer, rights=ANYBODY)
    def pay(self, debt: Debt, data: dict[str, Any]) -> Debt:
        """Confirm or deny the word, write the review, state the impact, or say whether the spending goes on."""
        return pay_debt(debt_id=debt.pk, actor=self.person, outcome=data.get("outcome", ""), text=data.get("text", ""))
