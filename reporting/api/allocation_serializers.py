"""Allocation reports as JSON: the same figures as on the page."""

from rest_framework import serializers

from core.api.fields import AmountField, ExactField, MonthField
from core.api.serializers import Given, Taken
from reporting.api.serializers import STATES, OriginSerializer
from reporting.rules.allocation_report import View

VIEWS = [view.value for view in View]
OWN_CODE = "Its own word; of a cost centre its code."


class AskedAllocationSerializer(Taken):
    """Which of the four reports, of which organization, to the end of which month."""

    entity = serializers.CharField(max_length=60, required=False, help_text="Its code; else the first that you read whole.")
    view = serializers.ChoiceField(
        VIEWS, required=False, help_text="services: daily, tags: weekly, centres: monthly, quarters: against the budget."
    )
    month = MonthField(required=False, help_text="Else the last one with spend; of quarters, any month of the fiscal year.")


class AllocationPartSerializer(Given):
    """What spend went to."""

    code = serializers.CharField(help_text=f"{OWN_CODE} Empty: the spend does not bear the tag.")
    name = serializers.CharField()
    total = AmountField()


class AllocationLineSerializer(Given):
    """A day, an ISO week or a month, and what was spent in it."""

    key = serializers.CharField(source="span.key", help_text="outside: a day in none of the lines; undated: no day is known.")
    name = serializers.CharField(source="span.name")
    first = serializers.DateField(source="span.first", allow_null=True)
    last = serializers.DateField(source="span.last", allow_null=True)
    amounts = serializers.ListField(child=AmountField(), help_text="In the order of the parts.")
    total = AmountField()


class AllocationTableSerializer(Given):
    """Spend by time and by what it went to, the largest part first."""

    key = serializers.CharField()
    name = serializers.CharField()
    parts = AllocationPartSerializer(many=True)
    lines = AllocationLineSerializer(many=True)
    total = AmountField()


class AllocationPlanSerializer(Given):
    """Budget and actual of a cost centre, or of all together."""

    code = serializers.CharField()
    name = serializers.CharField()
    plan = AmountField()
    actual = AmountField()
    variance = AmountField(help_text="Actual less budget. Positive costs more than planned.")
    percent = ExactField(allow_null=True, help_text="The variance in per cent of the budget.")
    achieved_pct = serializers.DecimalField(
        None, 2, source="achieved", allow_null=True, help_text="Actual in per cent of the budget; null for a budget of zero."
    )


class AllocationQuarterSerializer(Given):
    """A fiscal quarter by cost centre."""

    key = serializers.CharField()
    name = serializers.CharField()
    first = MonthField()
    last = MonthField()
    state = serializers.ChoiceField(STATES)
    whole = AllocationPlanSerializer()
    lines = AllocationPlanSerializer(many=True)


class AllocationHeldSerializer(Given):
    """What the tables are held against."""

    ledger = AmountField(help_text="What the ledger says was spent.")
    table = AmountField(help_text="What the tables come to.")
    imported = AmountField(allow_null=True, help_text="Of it, by imports with a day.")
    entered = AmountField(allow_null=True, help_text="Of it, by invoices entered by hand, at their date.")
    undated = AmountField(allow_null=True, help_text="Of it, without a day.")
    ledger_plan = AmountField(allow_null=True, help_text="What the ledger says was allotted.")
    table_plan = AmountField(allow_null=True)
    agrees = serializers.BooleanField()


class OutlookSerializer(Given):
    """What the running month comes to at the rate of the last month and this one."""

    month_end = AmountField()
    spent = AmountField(help_text="So far.")
    per_day = ExactField(help_text="Since the first spend of the last month, or of this one.")
    since = serializers.DateField()
    days = serializers.IntegerField()
    days_left = serializers.IntegerField(help_text="Today included.")


class AllocationReportSerializer(Given):
    """One of the four allocation reports, in the organization's currency."""

    entity = serializers.CharField(source="entity.code")
    currency = serializers.CharField(source="entity.currency")
    view = serializers.ChoiceField(VIEWS)
    month = MonthField()
    first = MonthField()
    last = MonthField()
    state = serializers.ChoiceField(STATES, source="freshness.state")
    origins = OriginSerializer(source="freshness.sources", many=True)
    held = AllocationHeldSerializer()
    outlook = OutlookSerializer(allow_null=True, help_text="Of the daily report of a month that is not over.")
    tables = AllocationTableSerializer(many=True)
    quarters = AllocationQuarterSerializer(many=True)
