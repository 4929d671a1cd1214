"""What an organization takes for an emergency: read, and stated anew by its administrators."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.filters import TermsFilter
from approvals.models import EmergencyLimit, EmergencyTerms
from approvals.selectors.emergencies import access_terms_by_id, roles_for_terms, terms_seen
from approvals.services.emergencies import LimitData, state_terms
from core.access import whole_entities_of
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import AmountField, MomentField
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.models import Entity
from core.rules.rights import Right

SPAN = "A span such as “24 hours” or “5 business days”."


class EmergencyLimitSerializer(Given):
    """Up to what amount the holders of a role commit at once."""

    role = serializers.CharField(source="role.code")
    amount = AmountField(help_text="In the organization's currency.")
    per = serializers.ChoiceField(EmergencyLimit.Per.choices)


class EmergencyTermsSerializer(Given):
    """What an organization takes for an emergency. Never changed: of its terms the one with the highest number is in force."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    number = serializers.IntegerField()
    currency = serializers.CharField(source="entity.currency")
    criteria = serializers.ListField(child=serializers.CharField())
    limits = EmergencyLimitSerializer(many=True, source="limits.all")
    written_within = serializers.CharField()
    review_within = serializers.CharField()
    impact_within = serializers.CharField()
    stated_by = serializers.CharField(source="stated_by.email", allow_null=True, help_text="null: when it was set up.")
    stated_at = MomentField()


class StatingLimitSerializer(Taken):
    """The limit of a role."""

    role = serializers.CharField(max_length=60, help_text="The code of a role that somebody of the organization holds.")
    amount = AmountField(help_text="In the organization's currency.")
    per = serializers.ChoiceField(EmergencyLimit.Per.choices, required=False, default="each")


class StatingTermsSerializer(Taken):
    """All terms of an organization: they take the place of those before. Emergencies that were declared keep theirs."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    criteria = serializers.ListField(child=serializers.CharField(max_length=200), allow_empty=False, max_length=20)
    limits = serializers.ListField(child=StatingLimitSerializer(), allow_empty=False, max_length=50)
    written_within = serializers.CharField(max_length=40, required=False, default="24 hours", help_text=SPAN)
    review_within = serializers.CharField(max_length=40, required=False, default="168 hours", help_text=SPAN)
    impact_within = serializers.CharField(max_length=40, required=False, default="336 hours", help_text=SPAN)


class Terms(Listed[EmergencyTerms], Shown[EmergencyTerms]):
    """The terms of organizations in which one holds a role, the latest first; those before stay to be read."""

    room = "approvals"
    model = EmergencyTerms
    rights = frozenset(Right)
    shows = EmergencyTermsSerializer
    filterset_class = TermsFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The terms' number.")}

    def rows(self) -> QuerySet[EmergencyTerms]:
        return terms_seen(self.person)

    def one(self) -> EmergencyTerms:
        return access_terms_by_id(self.person, self.number())

    @write(takes=StatingTermsSerializer, gives=EmergencyTermsSerializer, status=201, rights={Right.ADMINISTER})
    def create(self, data: dict[str, Any]) -> EmergencyTerms:
        """State the terms that hold from now on. Asks for the whole organization."""
        entity = whole_entities_of(self.person, Right.ADMINISTER).filter(code=data["entity"]).first()
        if entity is None:
            sentence = "You administer no organization of this code as a whole."
            raise InvalidInput(sentence, details={"entity": sentence})
        spans = {name: data[name] for name in ("written_within", "review_within", "impact_within")}
        limits = _limits(entity, data["limits"])
        return state_terms(entity=entity, criteria=data["criteria"], limits=limits, actor=self.person, **spans)


def _limits(entity: Entity, stated: list[dict[str, Any]]) -> list[LimitData]:
    """Find the roles that are named. Raises InvalidInput."""
    roles = {role.code: role for role in roles_for_terms(entity)}
    for each in stated:
        if each["role"] not in roles:
            sentence = f"Nobody of {entity.name} holds the role “{each['role']}”, or it neither asks, decides nor keeps books."
            raise InvalidInput(sentence, remedy=f"Name one of {', '.join(roles) or 'none yet'}.", details={"limits": sentence})
    return [LimitData(roles[each["role"]], each["amount"], each["per"]) for each in stated]
