"""Tag keys, rules, what spend bears, and compliance, as JSON."""

from typing import Any

from rest_framework import serializers

from budgets.models import SpendItem, SpendTag, TagKey
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken

LONGEST_THREAD = 80
ORGANIZATION = "The organization's code."


class TagsField(serializers.DictField):
    """Values by key."""

    child = serializers.CharField(max_length=200, allow_blank=True)


class TagKeyTakenSerializer(Taken):
    """What holds of a key from a month on."""

    entity = serializers.CharField(max_length=60, help_text=ORGANIZATION)
    name = serializers.CharField(max_length=40)
    starts_on = MonthField()
    allows = serializers.ChoiceField(TagKey.Allows.choices)
    values = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=200)
    pattern = serializers.CharField(max_length=60, required=False, help_text="With free text, such as PRJ-####.")
    is_mandatory = serializers.BooleanField(required=False)
    is_archived = serializers.BooleanField(required=False)
    note = serializers.CharField(max_length=300, required=False)


class TagKeySerializer(Given):
    """A statement of a key; it holds until the next one of its code begins."""

    id = serializers.IntegerField(source="pk")
    entity = serializers.CharField(source="entity.code")
    name = serializers.CharField()
    code = serializers.CharField()
    number = serializers.IntegerField()
    starts_on = MonthField()
    allows = serializers.ChoiceField(TagKey.Allows.choices)
    values = serializers.ListField(child=serializers.CharField())
    pattern = serializers.CharField()
    is_mandatory = serializers.BooleanField()
    is_archived = serializers.BooleanField()
    note = serializers.CharField()
    stated_at = MomentField()


class TagRuleTakenSerializer(Taken):
    """What a rule looks for, and what it sets where nothing is said yet, from a month on. Parts left out fit anything."""

    entity = serializers.CharField(max_length=60, help_text=ORGANIZATION)
    code = serializers.CharField(max_length=40, required=False, help_text="Of the rule that is stated anew.")
    name = serializers.CharField(max_length=200)
    starts_on = MonthField()
    position = serializers.IntegerField(min_value=1, max_value=9999, required=False)
    source = serializers.CharField(max_length=60, required=False)  # type: ignore[assignment]  # see ProblemSerializer
    vendor = serializers.CharField(max_length=100, required=False)
    service = serializers.CharField(max_length=100, required=False)
    resource = serializers.CharField(max_length=100, required=False)
    category = serializers.CharField(max_length=60, required=False, help_text="Its code.")
    cost_centre = serializers.CharField(max_length=60, required=False, help_text="Its code.")
    sets = TagsField()
    is_off = serializers.BooleanField(required=False)


class TagRuleSerializer(Given):
    """A statement of a rule; it holds until the next one of its code begins."""

    id = serializers.IntegerField(source="pk")
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    number = serializers.IntegerField()
    starts_on = MonthField()
    position = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # see ProblemSerializer
    vendor = serializers.CharField()
    service = serializers.CharField()
    resource = serializers.CharField()
    category = serializers.CharField(source="category.code", allow_null=True, default=None)
    cost_centre = serializers.CharField(source="cost_centre.code", allow_null=True, default=None)
    sets = TagsField()
    is_off = serializers.BooleanField()
    stated_at = MomentField()


class SpendTagSerializer(Given):
    """What was said of a tag: the last word on a key counts, and a blank value takes it away."""

    key = serializers.CharField()
    value = serializers.CharField()
    origin = serializers.ChoiceField(SpendTag.Origin.choices)
    rule = serializers.IntegerField(source="rule_id", allow_null=True)
    reason = serializers.CharField()
    set_at = MomentField()


class SpendItemSerializer(Given):
    """Spend by its thread in the ledger, what it bears, and all that was said of that."""

    id = serializers.IntegerField(source="pk")
    entity = serializers.CharField(source="entity.code")
    thread = serializers.CharField(help_text="The thread of its entries.")
    source = serializers.CharField()  # type: ignore[assignment]  # see ProblemSerializer
    vendor = serializers.CharField()
    service = serializers.CharField()
    resource = serializers.CharField()
    tags = serializers.SerializerMethodField()
    history = SpendTagSerializer(many=True, source="tags")

    def get_tags(self, item: SpendItem) -> dict[str, str]:
        """Return what it bears, by key."""
        said = {tag.key: tag.value for tag in sorted(item.tags.all(), key=lambda tag: tag.pk)}
        return {key: value for key, value in sorted(said.items()) if value}


class SetTagsSerializer(Taken):
    """Which spend of a month bears which tags, and why."""

    entity = serializers.CharField(max_length=60, help_text=ORGANIZATION)
    month = MonthField()
    threads = serializers.ListField(child=serializers.CharField(max_length=LONGEST_THREAD), min_length=1, max_length=500)
    tags = TagsField(help_text="A blank value takes a tag away.")
    reason = serializers.CharField(max_length=300)


class CountSerializer(Given):
    """How many tags were set."""

    set = serializers.IntegerField()


class TagMonthSerializer(Taken):
    """A month of an organization."""

    entity = serializers.CharField(max_length=60, help_text=ORGANIZATION)
    month = MonthField()


class TagMonthAskedSerializer(Taken):
    """A month of an organization."""

    entity = serializers.CharField(max_length=60, required=False, help_text="Its code; else the first of one's own.")
    month = MonthField(required=False, help_text="Else the last one with spend.")


class TargetTakenSerializer(Taken):
    """How much of the amount shall bear its tags, from a month on."""

    entity = serializers.CharField(max_length=60, help_text=ORGANIZATION)
    percent = ExactField()
    starts_on = MonthField()


class TargetSerializer(Given):
    """A target; it holds until the next one begins."""

    percent = ExactField()
    starts_on = MonthField()
    stated_at = MomentField()


class ShareSerializer(Given):
    """How much complies. Amounts are in the organization's currency, credits by their size; per cent is never rounded up."""

    rows = serializers.IntegerField()
    good_rows = serializers.IntegerField()
    amount = AmountField()
    good_amount = AmountField()
    amount_pct = ExactField(allow_null=True)
    rows_pct = ExactField(allow_null=True)


class KeyShareSerializer(Given):
    """A mandatory tag, and how much bears it with an allowed value."""

    key = serializers.CharField(source="key.code")
    name = serializers.CharField(source="key.name")
    share = ShareSerializer()
    wrong_amount = AmountField(help_text="What bears it with a value that is not allowed.")


class TaggedPartSerializer(Given):
    """A cost centre, by name and code, or a vendor's service."""

    name = serializers.CharField()
    code = serializers.CharField()
    share = ShareSerializer()


class MonthShareSerializer(Given):
    """A month of the trend."""

    month = MonthField()
    target = ExactField(allow_null=True)
    keys = serializers.IntegerField(help_text="How many tags were mandatory.")
    share = ShareSerializer()


class ComplianceSerializer(Given):
    """How much of a month's spend bears all mandatory tags with allowed values."""

    month = MonthField()
    target = ExactField(allow_null=True)
    meets = serializers.BooleanField()
    whole = ShareSerializer()
    keys = KeyShareSerializer(many=True)
    cost_centres = TaggedPartSerializer(many=True)
    services = TaggedPartSerializer(many=True)
    trend = MonthShareSerializer(many=True)


class LackingRowSerializer(Given):
    """Spend that lacks a mandatory tag. `lacks` says why by the tag's name; blank: it is missing."""

    item = serializers.IntegerField(source="row.item_id", allow_null=True)
    thread = serializers.CharField(source="row.thread")
    vendor = serializers.CharField(source="row.vendor")
    service = serializers.CharField(source="row.service")
    resource = serializers.CharField(source="row.resource")
    cost_centre = serializers.CharField(source="row.cost_centre")
    amount = AmountField(source="row.amount")
    tags = TagsField(source="row.tags")
    lacks = TagsField(source="gaps")


class LackingSerializer(Given):
    """The largest rows that lack a tag, and how many there are."""

    count = serializers.IntegerField()
    rows = LackingRowSerializer(many=True)


def lacking_shown(rows: list[Any]) -> dict[str, Any]:
    """Return the first thousand rows and how many there are."""
    return {"count": len(rows), "rows": rows[:1000]}
