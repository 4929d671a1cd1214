"""Day rates of roles, and a budget's lines of staff held against them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from budgets.models import DayRate
from budgets.rules.day_rates import LONGEST_NAME, LONGEST_SOURCE, ROLE, DayRateData
from budgets.rules.months import first_of
from budgets.selectors.day_rates import access_day_rate_by_id, day_rates_in_reach, held_in
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS
from budgets.services.day_rates import state_day_rates
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import AmountField, MomentField, MonthField
from core.api.filters import Asked, Code, FilterSet
from core.api.serializers import Given, Taken
from core.rules.rights import Right


class DayRateSerializer(Given):
    """What a day of a person in a role costs from a month on. Of those of one role the latest holds whose month has come."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    role = serializers.CharField()
    name = serializers.CharField()
    starts_on = MonthField()
    rate = AmountField(allow_null=True, help_text="Null: the role is off the card from that month on.")
    currency = serializers.CharField()
    source = serializers.CharField(help_text="Who says so.")  # type: ignore[assignment]  # see ProblemSerializer
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.email", allow_null=True)


class StatedDayRateSerializer(Taken):
    """A day rate to state. None is changed: the latest word holds."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    role = serializers.RegexField(f"^{ROLE.pattern}$", max_length=40, help_text="As budget files name it.")
    name = serializers.CharField(max_length=LONGEST_NAME)
    starts_on = MonthField()
    rate = AmountField(allow_null=True, help_text="Null takes the role off the card.")
    currency = serializers.CharField(max_length=3)
    source = serializers.CharField(max_length=LONGEST_SOURCE, help_text="Who says so.")  # type: ignore[assignment]


class DayRateFilter(FilterSet):
    """Of an organization, by role."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    role = Asked(Code(), field_name="role", about="Of this role.")


class DayRates(Listed[DayRate], Shown[DayRate]):
    """Day rates as they were stated; the latest word holds."""

    room = "budgets"
    model = DayRate
    rights = frozenset(BOOKS)
    shows = DayRateSerializer
    filterset_class = DayRateFilter
    orderings = ("-id", "id", "starts_on", "-starts_on")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[DayRate]:
        return day_rates_in_reach(self.person)

    def one(self) -> DayRate:
        return access_day_rate_by_id(self.person, self.number())

    @write(takes=StatedDayRateSerializer, gives=DayRateSerializer, status=201, rights=frozenset({Right.BUDGET}))
    def create(self, data: dict[str, Any]) -> DayRate:
        """State a day rate. What says the same as the one that holds is that one."""
        entity = access_entity_of_finance(self.person, data.pop("entity"))
        said = DayRateData(**{**data, "starts_on": first_of(data["starts_on"]), "currency": data["currency"].upper()})
        rows = state_day_rates(entity=entity, rates=[said], actor=self.person)
        held = None if rows else held_in(entity, said.role, said.starts_on)
        return held or rows[0]


class AskedStaffSerializer(Taken):
    """From which month on."""

    since = MonthField(required=False, help_text="Left out: the month after the current one.")


class StaffLineSerializer(Given):
    """A line of staff as it is planned, and what it would come to at the rates of now, in the budget's currency."""

    category = serializers.CharField(source="line.category.code")
    cost_centre = serializers.CharField(source="line.cost_centre.code")
    name = serializers.CharField(source="line.name")
    planned_at = serializers.CharField(source="how")
    now_at = serializers.CharField(source="how_now", help_text="Blank where it cannot be priced.")
    planned = AmountField()
    would_be = AmountField(allow_null=True)
    by = AmountField()
    differs = serializers.BooleanField(help_text="Whether one of its months at least would be another.")
    fault = serializers.CharField(help_text="Why it cannot be priced; blank where it can.")


class StaffSerializer(Given):
    """The lines of staff of the version in force that a rate card or an exchange rate prices."""

    version = serializers.IntegerField(source="version.number")
    since = MonthField()
    currency = serializers.CharField(source="version.budget.currency")
    planned = AmountField()
    would_be = AmountField()
    by = AmountField()
    lines = StaffLineSerializer(many=True)


class RepricingSerializer(Taken):
    """From which month on the lines are planned anew."""

    since = MonthField(help_text="Months before it stay as they are planned.")
