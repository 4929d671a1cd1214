"""Projections as JSON."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from budgets.models import Category, Projection
from budgets.rules.projections import ROUNDINGS, Rounding
from budgets.selectors.budgets import READING
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.projections import access_projection_by_id, projections_in_reach
from budgets.services.projections import MOST_PARTS, PartData, ProjectionData, state_projection
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.filters import Asked, Code, FilterSet, Number
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.models import Entity
from core.rules.rights import Right

BOOKS = frozenset({Right.BUDGET})


class ProjectionFilter(FilterSet):
    """Of an organization, by name and horizon."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    name = Asked(Code(), field_name="name")
    horizon_months = Asked(Number(), field_name="horizon_months")


class ProjectedPartSerializer(Given):
    """A part of a projection and what it comes to."""

    name = serializers.CharField()
    category = serializers.CharField(source="category.code", allow_null=True)
    base = AmountField()
    is_spend = serializers.BooleanField(help_text="Whether the base was read from the ledger.")
    growth_pct = ExactField(allow_null=True)
    reduction_pct = ExactField(allow_null=True)
    grown = AmountField()
    projected = AmountField()


class ProjectionSerializer(Given):
    """What a monthly cost comes to at a horizon. Of a name and horizon the highest number counts."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    name = serializers.CharField()
    number = serializers.IntegerField()
    base_month = MonthField()
    horizon_months = serializers.IntegerField()
    currency = serializers.CharField()
    parts = ProjectedPartSerializer(many=True)
    total = AmountField()
    buffer_pct = ExactField()
    recommended = AmountField()
    reasons = serializers.CharField()
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.name", allow_null=True)


class PartSerializer(Taken):
    """A part to state. Without a base, it is what was spent on the category in the base month."""

    name = serializers.CharField(max_length=100)
    base = AmountField(required=False)
    category = serializers.CharField(max_length=60, required=False, help_text="The category's code.")
    growth_pct = ExactField(required=False)
    reduction_pct = ExactField(required=False)


class RoundingSerializer(Taken):
    """How each step is rounded."""

    grown = serializers.ChoiceField(ROUNDINGS, required=False)
    lowered = serializers.ChoiceField(ROUNDINGS, required=False)
    only_grown = serializers.ChoiceField(ROUNDINGS, required=False)
    recommended = serializers.ChoiceField(ROUNDINGS, required=False)


class StatedProjectionSerializer(Taken):
    """A projection to state. None is changed: the latest of its name and horizon counts."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    name = serializers.CharField(max_length=100)
    base_month = MonthField()
    horizon_months = serializers.IntegerField(min_value=1, max_value=120)
    buffer_pct = ExactField()
    parts = serializers.ListField(child=PartSerializer(), max_length=MOST_PARTS)
    rounding = RoundingSerializer(required=False)
    reasons = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class Projections(Listed[Projection], Shown[Projection]):
    """Projections as they were stated, with their parts."""

    room = "budgets"
    model = Projection
    rights = frozenset(READING)
    shows = ProjectionSerializer
    filterset_class = ProjectionFilter
    orderings = ("-stated_at", "stated_at", "name", "-id")
    places = {"id": (NUMBER, "The projection's number.")}

    def rows(self) -> QuerySet[Projection]:
        return projections_in_reach(self.person).prefetch_related("parts__category")

    def one(self) -> Projection:
        return access_projection_by_id(self.person, self.number())

    @write(takes=StatedProjectionSerializer, gives=ProjectionSerializer, status=201, rights=BOOKS)
    def create(self, data: dict[str, Any]) -> Projection:
        """State a projection; what it comes to is reckoned at once."""
        entity = access_entity_of_finance(self.person, data.pop("entity"))
        parts = [_part(entity, number, part) for number, part in enumerate(data.pop("parts"))]
        rounding = Rounding(**data.pop("rounding", {}))
        return state_projection(entity=entity, data=ProjectionData(parts=parts, rounding=rounding, **data), actor=self.person)


def _part(entity: Entity, number: int, part: dict[str, Any]) -> PartData:
    code = part.pop("category", "")
    category = Category.objects.filter(entity=entity, code=code, is_active=True).first() if code else None
    if code and category is None:
        sentence = "There is no such category. Use one of the organization's list."
        raise InvalidInput("A part names a category that is not there.", remedy=sentence, details={f"parts.{number}": sentence})
    return PartData(category=category, **part)
