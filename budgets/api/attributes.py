"""Attributes of an organization's own: what is asked of which things."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from budgets.api.filters import AttributeDefinitionFilter
from budgets.models import Attribute
from budgets.selectors.attributes import (
    access_attribute_by_id,
    access_attribute_to_change,
    access_entity_to_administer,
    attributes_in_reach,
)
from budgets.services.attributes import AttributeData, change_attribute, define_attribute
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.serializers import Given, Taken
from core.rules.rights import Right

ANY = frozenset(Right)
ADMINISTERING = frozenset({Right.ADMINISTER})


class ChangedAttributeSerializer(Taken):
    """What is asked: as a whole."""

    name = serializers.CharField(max_length=100)
    type = serializers.ChoiceField(Attribute.Type.choices)
    choices = serializers.ListField(child=serializers.CharField(max_length=500), required=False, max_length=200)
    is_required = serializers.BooleanField(required=False)
    starts_on = serializers.DateField()
    retired_on = serializers.DateField(required=False, allow_null=True)


class NewAttributeSerializer(ChangedAttributeSerializer):
    """What is asked more of a kind of an organization's things."""

    entity = serializers.CharField(max_length=60, help_text="The organization's code.")
    kind = serializers.ChoiceField(Attribute.Kind.choices)
    code = serializers.CharField(max_length=40)


class AttributeSerializer(Given):
    """What an organization asks of a kind of its things."""

    id = serializers.IntegerField(source="pk")
    entity = serializers.CharField(source="entity.code")
    kind = serializers.ChoiceField(Attribute.Kind.choices)
    code = serializers.CharField()
    name = serializers.CharField()
    type = serializers.ChoiceField(Attribute.Type.choices)
    choices = serializers.ListField(child=serializers.CharField())
    is_required = serializers.BooleanField()
    starts_on = serializers.DateField()
    retired_on = serializers.DateField(allow_null=True)
    used_at = MomentField(allow_null=True, help_text="From then on its type stays.")


class Attributes(Listed[Attribute], Shown[Attribute]):
    """What organizations ask of their budgets, requests and invoices beside what Purser asks."""

    room = "budgets"
    model = Attribute
    rights = ANY
    shows = AttributeSerializer
    filterset_class = AttributeDefinitionFilter
    orderings = ("id", "-id")
    places = {"id": (NUMBER, "The attribute's number.")}

    def rows(self) -> QuerySet[Attribute]:
        return attributes_in_reach(self.person)

    def one(self) -> Attribute:
        return access_attribute_by_id(self.person, self.number())

    @write(takes=NewAttributeSerializer, gives=AttributeSerializer, status=201, rights=ADMINISTERING)
    def create(self, data: dict[str, Any]) -> Attribute:
        """Ask something more."""
        entity = access_entity_to_administer(self.person, data.pop("entity"))
        return define_attribute(entity=entity, data=_data(data), actor=self.person)

    @write(takes=ChangedAttributeSerializer, gives=AttributeSerializer, rights=ADMINISTERING)
    def update(self, found: Attribute, data: dict[str, Any]) -> Attribute:
        """Change or retire an attribute. In use it keeps its type and its choices."""
        access_attribute_to_change(self.person, found.pk)
        return change_attribute(attribute_id=found.pk, data=_data(data), actor=self.person)


def _data(data: dict[str, Any]) -> AttributeData:
    return AttributeData(**data | {"choices": tuple(data.get("choices", ()))})
