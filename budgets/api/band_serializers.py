"""How estimate bands are taken and given through the API."""

from rest_framework import serializers

from budgets.rules.bands import Course, Place
from budgets.services.bands import MOST_PARTS, MOST_TARGETS
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken


class EndsTakenSerializer(Taken):
    """From low to high, both included."""

    low = AmountField()
    high = AmountField()


class SharesTakenSerializer(Taken):
    """From a low share to a high one, in per cent."""

    low = ExactField()
    high = ExactField()


class ShareTakenSerializer(SharesTakenSerializer):
    """Of which other cost centre's cost it is thought a share."""

    of = serializers.CharField(max_length=60, help_text="The other cost centre's code.")


class BandPartTakenSerializer(EndsTakenSerializer):
    """What a category, or something in it, comes to in a month."""

    category = serializers.CharField(max_length=60, help_text="The category's code.")
    name = serializers.CharField(max_length=100, required=False, help_text="The category's, where it is left out.")


class BandTargetTakenSerializer(Taken):
    """By how many per cent the monthly cost shall fall below what it was in a month, and by which day."""

    percent = ExactField()
    category = serializers.CharField(max_length=60, required=False, help_text="The category's code; left out: all parts.")
    baseline = AmountField()
    baseline_month = MonthField()
    due_on = serializers.DateField()


class BandTakenSerializer(Taken):
    """A band to state. It holds until the next statement of its cost centre begins."""

    cost_centre = serializers.CharField(max_length=60, help_text="Its code.")
    starts_on = MonthField()
    parts = serializers.ListField(child=BandPartTakenSerializer(), max_length=MOST_PARTS, required=False)
    heading = EndsTakenSerializer(required=False, help_text="What the source says that the parts come to.")
    growth_buffer_pct = SharesTakenSerializer(required=False)
    share = ShareTakenSerializer(required=False)
    targets = serializers.ListField(child=BandTargetTakenSerializer(), max_length=MOST_TARGETS, required=False)
    is_withdrawn = serializers.BooleanField(required=False, help_text="There is no band from that month on.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class BandPartGivenSerializer(Given):
    """A part of a band."""

    category = serializers.CharField(source="category.code")
    name = serializers.CharField()
    low = AmountField()
    high = AmountField()


class BandTargetGivenSerializer(Given):
    """A target of a band."""

    percent = ExactField()
    category = serializers.CharField(source="category.code", allow_null=True)
    baseline = AmountField()
    baseline_month = MonthField()
    due_on = serializers.DateField()


class BandSerializer(Given):
    """A statement of a band, amounts of one month in the budget's currency."""

    id = serializers.IntegerField(source="pk")
    budget = serializers.CharField(source="budget.code")
    cost_centre = serializers.CharField(source="cost_centre.code")
    number = serializers.IntegerField()
    starts_on = MonthField()
    currency = serializers.CharField()
    heading_low = AmountField(allow_null=True)
    heading_high = AmountField(allow_null=True)
    parts = BandPartGivenSerializer(many=True)
    buffer_low_pct = ExactField(allow_null=True)
    buffer_high_pct = ExactField(allow_null=True)
    share_of = serializers.CharField(source="share_of.code", allow_null=True)
    share_low_pct = ExactField(allow_null=True)
    share_high_pct = ExactField(allow_null=True)
    targets = BandTargetGivenSerializer(many=True)
    is_withdrawn = serializers.BooleanField()
    note = serializers.CharField()
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.name", allow_null=True)


class AskedStandingSerializer(Taken):
    """Of which month."""

    month = MonthField(required=False, help_text="The last one with spend, where it is left out.")


class EndsSerializer(Given):
    """From low to high; as a difference either may be negative."""

    low = AmountField()
    high = AmountField()


class SharesSerializer(Given):
    """From a low share to a high one, in per cent."""

    low = ExactField()
    high = ExactField()


class JudgedSerializer(Given):
    """A figure of the month and where it lies in the band."""

    amount = AmountField()
    place = serializers.ChoiceField([place.value for place in Place])


class AgainstSerializer(Given):
    """What is allotted, what was spent, and that with what is asked and ordered."""

    plan = JudgedSerializer()
    spent = JudgedSerializer()
    expected = JudgedSerializer()


class CategoryOfBandSerializer(Given):
    """A category of a band: its parts added up, and the month's figures."""

    category = serializers.CharField(source="category.code")
    band = EndsSerializer()
    against = AgainstSerializer()


class TargetStandSerializer(Given):
    """A target and how it stands today by what was spent in the month."""

    percent = ExactField(source="target.percent")
    category = serializers.CharField(source="target.category.code", allow_null=True)
    due_on = serializers.DateField(source="target.due_on")
    goal = AmountField(source="stand.goal", help_text="What the month shall cost.")
    asked = AmountField(source="stand.asked", help_text="What a straight line from the baseline to the goal asks of the month.")
    actual = AmountField(source="stand.actual", allow_null=True)
    days_left = serializers.IntegerField(source="stand.days_left")
    course = serializers.ChoiceField([course.value for course in Course], source="stand.course")


class SharedSerializer(Given):
    """The band held against the share of another that it is thought to be."""

    of = serializers.CharField(source="of.cost_centre.code")
    shares_pct = SharesSerializer(source="shares")
    comes_to = EndsSerializer()
    gap = EndsSerializer(help_text="By how much the parts come to more.")
    spent_pct = ExactField(allow_null=True)
    place = serializers.ChoiceField([place.value for place in Place], allow_null=True)


class BandStandSerializer(Given):
    """A band as it stands in the month."""

    id = serializers.IntegerField(source="band.pk")
    cost_centre = serializers.CharField(source="band.cost_centre.code")
    heading = EndsSerializer(allow_null=True)
    sum = EndsSerializer(help_text="What the parts add up to.")
    gap = EndsSerializer(allow_null=True, help_text="By how much the parts come to more than the heading says.")
    buffered = EndsSerializer(allow_null=True, help_text="The parts with the growth buffer.")
    against = AgainstSerializer()
    categories = CategoryOfBandSerializer(source="parts", many=True)
    outside_allotted = AmountField(source="outside.allotted", help_text="Allotted at the cost centre and in no part.")
    outside_spent = AmountField(source="outside.spent", help_text="Spent at the cost centre and in no part.")
    share = SharedSerializer(source="shared", allow_null=True)
    targets = TargetStandSerializer(many=True)


class TogetherSerializer(Given):
    """The bands that have none below them, added up."""

    heading = EndsSerializer()
    sum = EndsSerializer()
    gap = EndsSerializer()


class BandsStandingSerializer(Given):
    """The bands of a budget in a month, in the order of the tree."""

    budget = serializers.CharField(source="budget.code")
    currency = serializers.CharField(source="budget.currency")
    month = MonthField()
    is_running = serializers.BooleanField(help_text="The month is not over: more may be spent in it.")
    bands = BandStandSerializer(source="rows", many=True)
    together = TogetherSerializer()
