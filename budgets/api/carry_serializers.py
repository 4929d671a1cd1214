"""How statements of what is carried on, and what was carried, are taken and given through the API."""

from rest_framework import serializers

from budgets.models import CarryRule, CarryRun
from budgets.selectors.carry_previews import journals_of
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken


class CarryRuleTakenSerializer(Taken):
    """What a cost centre carries on, and from the end of which month."""

    entity = serializers.CharField(max_length=60, help_text="The organization's code.")
    cost_centre = serializers.CharField(max_length=60, help_text="Its code.")
    starts_on = MonthField()
    kind = serializers.ChoiceField(choices=CarryRule.Kind.choices)
    share_pct = ExactField(required=False, help_text="With a share: of what is left on each line, in per cent.")
    amount = AmountField(required=False, help_text="With an amount: for each line.")
    currency = serializers.CharField(max_length=3, required=False, help_text="The amount's.")
    note = serializers.CharField(max_length=300, required=False)


class CarryRuleSerializer(Given):
    """A statement of what a cost centre carries on; it holds until the next one of the cost centre begins."""

    id = serializers.IntegerField(source="pk")
    entity = serializers.CharField(source="entity.code")
    cost_centre = serializers.CharField(source="cost_centre.code")
    number = serializers.IntegerField()
    starts_on = MonthField()
    kind = serializers.ChoiceField(choices=CarryRule.Kind.choices)
    share_pct = ExactField(allow_null=True)
    amount = AmountField(allow_null=True)
    currency = serializers.CharField()
    note = serializers.CharField()
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.name")


class CarryTakenSerializer(Taken):
    """What ends, and where what is left of it goes."""

    through = MonthField(help_text="The month that ends.")
    span = serializers.ChoiceField(choices=["month", "year"], required=False, help_text="That month, as is usual, or its year.")
    into = MonthField(required=False, help_text="The month after, where it is left out.")
    into_budget = serializers.CharField(max_length=60, required=False, help_text="The code of the budget that takes it.")


class CarryBackSerializer(Taken):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=300)


class CarriedLineSerializer(Given):
    """A line: what was left of it, what of that was carried and what lapsed, and under whose statement."""

    account = serializers.IntegerField()
    name = serializers.CharField()
    into = serializers.IntegerField(allow_null=True, help_text="The account that took it.")
    left = serializers.CharField()
    committed = serializers.CharField(help_text="What orders still held; it is not part of what was left.")
    carried = serializers.CharField()
    lapsed = serializers.CharField()
    stated_by = serializers.CharField(help_text="The cost centre whose statement held; blank where there was none.")
    statement = serializers.IntegerField(allow_null=True)
    terms = serializers.CharField()


class CarrySerializer(Given):
    """What a budget carried on once."""

    id = serializers.IntegerField(source="pk")
    budget = serializers.CharField(source="budget.code")
    into_budget = serializers.CharField(source="into_budget.code")
    first = MonthField()
    last = MonthField()
    into = MonthField()
    currency = serializers.CharField()
    carried = AmountField()
    lapsed = AmountField()
    lines = CarriedLineSerializer(many=True)
    journal = serializers.SerializerMethodField()
    undone_at = MomentField(allow_null=True)

    def get_journal(self, run: CarryRun) -> int | None:
        """Return its journal's number."""
        known: int | None = run.__dict__.get("journal_id")
        if known is None and (journal := journals_of([run]).get(run.pk)):
            known = journal.pk
        return known
