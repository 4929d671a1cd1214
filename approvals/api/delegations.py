"""Who decides for whom: stated, seen, ended."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.filters import DelegationFilter
from approvals.models import Delegation
from approvals.selectors.delegations import access_delegation_by_id, delegations_seen, statable_by
from approvals.services.delegations import DelegationData, end_delegation, state_delegation
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import AmountField, MomentField
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.models import User
from core.rules.rights import Right

READERS = frozenset({Right.DECIDE, Right.ADMINISTER, Right.AUDIT})
STATING = frozenset({Right.DECIDE, Right.ADMINISTER})


class DelegationSerializer(Given):
    """From when until when somebody decides for a person, and how far."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    person = serializers.CharField(source="person.email")
    delegate = serializers.CharField(source="delegate.email", allow_null=True, help_text="null: nobody, out of office.")
    starts_at = MomentField()
    ends_at = MomentField(help_text="The first moment at which it is over.")
    kinds = serializers.ListField(child=serializers.CharField(), help_text="Kinds of requests; empty: all.")
    limit = AmountField(allow_null=True, help_text="In the organization's currency; null: as far as the person decides.")
    cost_centre = serializers.CharField(source="cost_centre.code", allow_null=True, help_text="It and below; null: everywhere.")
    reason = serializers.CharField()
    stated_by = serializers.CharField(source="stated_by.email")
    stated_at = MomentField()
    ended_at = MomentField(allow_null=True, help_text="When it was ended before its time.")


class StatingSerializer(Taken):
    """Who decides, from the first day to the last, both included."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    person = serializers.EmailField(
        required=False, help_text="Who is away; left out: the caller. Else an administrator states it."
    )
    delegate = serializers.EmailField(required=False, allow_null=True, help_text="Who decides; left out: nobody, out of office.")
    first_day = serializers.DateField(help_text="Today or later, in the zone of who is away.")
    last_day = serializers.DateField()
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=100)
    limit = AmountField(required=False, allow_null=True, help_text="In the organization's currency.")
    cost_centre = serializers.CharField(max_length=40, required=False, allow_null=True, help_text="Its code.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="Needed for somebody else.")


class Delegations(Listed[Delegation], Shown[Delegation]):
    """Statements that one made, that name one, or of organizations that one administers or audits; the latest first."""

    room = "approvals"
    model = Delegation
    rights = READERS
    shows = DelegationSerializer
    filterset_class = DelegationFilter
    orderings = ("-id", "id", "starts_at")
    places = {"id": (NUMBER, "The delegation's number.")}

    def rows(self) -> QuerySet[Delegation]:
        return delegations_seen(self.person)

    def one(self) -> Delegation:
        return access_delegation_by_id(self.person, self.number())

    @write(takes=StatingSerializer, gives=DelegationSerializer, status=201, rights=STATING)
    def create(self, data: dict[str, Any]) -> Delegation:
        """State that somebody decides for a person. It begins and ends by itself."""
        return state_delegation(data=_read(self.person, data), actor=self.person)

    @write(gives=DelegationSerializer, rights=STATING)
    def end(self, row: Delegation) -> Delegation:
        """End it now, or call it off. What was decided under it stays decided."""
        return end_delegation(delegation_id=row.pk, actor=self.person)


def _read(caller: User, data: dict[str, Any]) -> DelegationData:
    """Find what is named among what the caller may choose from. Raises InvalidInput by field."""
    statable = statable_by(caller)
    person, delegate = data.get("person"), data.get("delegate")
    others = User.objects.filter(pk=caller.pk) | statable.others.order_by()
    centre = data.get("cost_centre")
    entity = _chosen("entity", statable.entities, code=data["entity"])
    centres = statable.cost_centres.filter(entity=entity)
    return DelegationData(
        entity=entity,
        person=_chosen("person", others, email__iexact=person) if person else caller,
        delegate=_chosen("delegate", statable.delegates, email__iexact=delegate) if delegate else None,
        first_day=data["first_day"],
        last_day=data["last_day"],
        kinds=data.get("kinds", ()),
        limit=data.get("limit"),
        cost_centre=_chosen("cost_centre", centres, code=centre) if centre else None,
        reason=data.get("reason", ""),
    )


def _chosen(field: str, rows: QuerySet[Any], **named: Any) -> Any:
    found = rows.filter(**named).first()
    if found is None:
        sentence = "There is no such one, or none that you may name here."
        raise InvalidInput(sentence, details={field: sentence})
    return found
