"""Chargebacks, statements, rule sets and readings as JSON."""

from rest_framework import serializers

from budgets.models import ChargebackAdjustment, ChargebackDispute, ChargebackRun, ChargebackStatement
from budgets.rules.document import CODE
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken

ENTITY = "The organization's code."
MOVED_BY = "The chargeback by other rules that moves the month's spend: this one is for looking at."


class RuleSetSerializer(Given):
    """A version of a rule set. It is never changed."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    number = serializers.IntegerField(help_text="Its version.")
    starts_on = MonthField(help_text="The first month that it holds for.")
    document = serializers.DictField(help_text="docs/schemas/allocation-rules.schema.json says what may stand in it.")
    findings = serializers.ListField(child=serializers.CharField(), help_text="What does not add up, in sentences.")
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.email", allow_null=True)


class StatedRuleSetSerializer(Taken):
    """The next version of a rule set."""

    entity = serializers.CharField(max_length=40, help_text=ENTITY)
    document = serializers.DictField(help_text="docs/schemas/allocation-rules.schema.json says what may stand in it.")


class ReadingSerializer(Given):
    """How much of something a cost centre used in a month. Of those about the same the latest holds."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    metric = serializers.CharField()
    month = MonthField()
    cost_centre = serializers.CharField(source="cost_centre.code")
    units = ExactField()
    source = serializers.CharField(help_text="Who or what says so.")  # type: ignore[assignment]  # see ProblemSerializer
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.email", allow_null=True)


class StatedReadingSerializer(Taken):
    """A reading."""

    entity = serializers.CharField(max_length=40, help_text=ENTITY)
    metric = serializers.RegexField(CODE, max_length=40)
    month = MonthField()
    cost_centre = serializers.CharField(max_length=40, help_text="The code of whoever used it.")
    units = ExactField()
    source = serializers.CharField(max_length=200, help_text="Who or what says so.")  # type: ignore[assignment]


class ChargebackSerializer(Given):
    """A month's chargeback as it was drawn up."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    month = MonthField()
    number = serializers.IntegerField(help_text="How often the month was drawn up.")
    rules = serializers.IntegerField(source="rules_id", help_text="The version of the rule set that it was made by.")
    rules_code = serializers.CharField(help_text="The code of that rule set. Each may share a month out; one is posted.")
    state = serializers.ChoiceField(ChargebackRun.State.choices)
    currency = serializers.CharField()
    findings = serializers.ListField(child=serializers.CharField(), help_text="What was left out or stays where it is.")
    drawn_at = MomentField()
    drawn_by = serializers.CharField(source="drawn_by.email")
    posted_at = MomentField(allow_null=True)
    ended_because = serializers.CharField(help_text="Why it was undone, replaced or dropped; else empty.")


class AskedChargebackFiguresSerializer(Taken):
    """Whose chargebacks, and from which month on."""

    entity = serializers.CharField(max_length=40, required=False, help_text="Its code; else the first of one's own.")
    since = MonthField(required=False, help_text="Else the last twelve months.")


class ChargebackFiguresSerializer(Given):
    """Of the chargebacks that the managers have or that are posted. A month that several rule sets share out counts for each."""

    entity = serializers.CharField(source="entity.code")
    currency = serializers.CharField(source="entity.currency")
    since = MonthField()
    collected = AmountField()
    allocated = AmountField(help_text="What of it goes to somebody.")
    by_use = AmountField(help_text="What of that follows measured use.")
    accuracy_pct = ExactField(allow_null=True)
    by_use_pct = ExactField(allow_null=True)
    statements = serializers.IntegerField()
    accepted = serializers.IntegerField()
    acceptance_pct = ExactField(allow_null=True)
    disputes = serializers.IntegerField()
    open_disputes = serializers.IntegerField()
    mean_days = ExactField(allow_null=True, help_text="Working days from raised to resolved, of the organization's calendar.")


class BorneSerializer(Given):
    """What a cost centre bears of a pool."""

    pool = serializers.CharField()
    cost_centre = serializers.CharField(source="receiver.code")
    by_rules = AmountField()
    adjusted = AmountField()
    amount = AmountField()
    why = serializers.CharField()


class LevelSerializer(Given):
    """What a share comes to by the rules, all that bear it together."""

    pool = serializers.CharField()
    to = serializers.CharField(help_text="The cost centre that bears it, or the name of what its parts belong to.")
    within = serializers.CharField(help_text="The share that it is a part of; empty where it is one of the whole pool.")
    pct = ExactField(help_text="Of the whole pool.")
    amount = AmountField()


class SharedOutSerializer(Given):
    """What each bears of each pool."""

    chargeback = serializers.IntegerField()
    moved_by = serializers.IntegerField(allow_null=True, help_text=MOVED_BY)
    currency = serializers.CharField()
    borne = BorneSerializer(many=True)
    levels = LevelSerializer(many=True, help_text="Of pools with shares within shares: each, then what it consists of.")


class DrawingSerializer(Taken):
    """A month to draw up, and by which rules."""

    entity = serializers.CharField(max_length=40, help_text=ENTITY)
    month = MonthField()
    rules = serializers.CharField(max_length=40, help_text="The code of a rule set that holds in the month.")


class AdjustingSerializer(Taken):
    """An amount of a pool that goes from one cost centre to another."""

    pool = serializers.CharField(max_length=40)
    giver = serializers.CharField(max_length=40, help_text="The code of who bears less.")
    taker = serializers.CharField(max_length=40, help_text="The code of who bears more.")
    amount = AmountField(allow_negative=True)
    reason = serializers.ChoiceField(ChargebackAdjustment.Reason.choices)
    words = serializers.CharField(max_length=400)


class BecauseSerializer(Taken):
    """Why."""

    reason = serializers.CharField(max_length=300)


class StatementSerializer(Given):
    """What a cost centre is told of a month's chargeback."""

    id = serializers.IntegerField()
    chargeback = serializers.IntegerField(source="run_id")
    entity = serializers.CharField(source="run.entity.code")
    month = MonthField(source="run.month")
    cost_centre = serializers.CharField(source="receiver.code")
    manager = serializers.CharField(source="manager.email", help_text="Who answers.")
    state = serializers.ChoiceField(ChargebackStatement.State.choices)
    due_at = MomentField(help_text="Until when an answer is wanted.")
    answered_at = MomentField(allow_null=True)


class StatementLineSerializer(Given):
    """What is charged of a pool, and was the last time."""

    pool = serializers.CharField(source="borne.pool")
    name = serializers.CharField()
    by_rules = AmountField(source="borne.by_rules")
    adjusted = AmountField(source="borne.adjusted")
    amount = AmountField(source="borne.amount")
    why = serializers.CharField(source="borne.why")
    before = AmountField(allow_null=True)


class StatementFiguresSerializer(Given):
    """What a statement says, in the chargeback's currency."""

    amount = AmountField()
    own = AmountField(help_text="What was spent there itself, in the same categories.")
    plan = AmountField(help_text="What is allotted there in the month.")
    variance = AmountField(help_text="What it costs more than planned.")
    estimate = AmountField(help_text="What the next month is estimated at.")
    months = serializers.IntegerField(help_text="Of how many months the estimate is the mean.")
    moved_by = serializers.IntegerField(source="moved_by.pk", allow_null=True, help_text=MOVED_BY)
    lines = StatementLineSerializer(many=True)


class DisputingSerializer(Taken):
    """What is wrong with a statement."""

    words = serializers.CharField(max_length=2000)
    amount = AmountField(required=False)


class ResolvingSerializer(Taken):
    """How a dispute ends. With pool, taker, amount and reason by an adjustment; without any of them by a refusal."""

    answer = serializers.CharField(max_length=2000)
    pool = serializers.CharField(max_length=40, required=False)
    taker = serializers.CharField(max_length=40, required=False)
    amount = AmountField(required=False, allow_negative=True)
    reason = serializers.ChoiceField(ChargebackAdjustment.Reason.choices, required=False)


class DisputeSerializer(Given):
    """A dispute of a statement."""

    id = serializers.IntegerField()
    statement = serializers.IntegerField(source="statement_id")
    words = serializers.CharField()
    amount = AmountField(allow_null=True)
    raised_at = MomentField()
    raised_by = serializers.CharField(source="raised_by.email")
    owner = serializers.CharField(source="owner.email", help_text="Who sees to it.")
    due_at = MomentField()
    escalated_at = MomentField(allow_null=True)
    resolved_at = MomentField(allow_null=True)
    outcome = serializers.ChoiceField([("", "open"), *ChargebackDispute.Outcome.choices])
    answer = serializers.CharField()
