"""Budgets, their versions and figures, and controls, as JSON."""

from datetime import date
from typing import Any

from rest_framework import serializers

from budgets.api.attribute_fields import AttributesField
from budgets.api.serializers import FiguresSerializer
from budgets.models import Budget, BudgetVersion, Control, Journal, Mode, VersionSignOff, Window
from budgets.rules.health import Health
from budgets.rules.windows import LIFE
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken


class FindingSerializer(Given):
    """Something that does not add up in a version."""

    code = serializers.CharField()
    where = serializers.CharField()
    amount = AmountField()
    sentence = serializers.CharField()


class RungSerializer(Given):
    """A step of a budget's ladder: per cent of what is allotted, what that comes to, and which status it begins, if one."""

    at_pct = serializers.DecimalField(max_digits=6, decimal_places=2)
    amount = AmountField()
    begins = serializers.CharField()


class BudgetSerializer(Given):
    """A budget, and what it holds within the reader's reach."""

    code = serializers.CharField(source="budget.code")
    name = serializers.CharField(source="budget.name")
    entity = serializers.CharField(source="budget.entity.code")
    kind = serializers.ChoiceField(Budget.Kind.choices, source="budget.kind")
    currency = serializers.CharField(source="budget.currency")
    cost_centre = serializers.CharField(source="budget.cost_centre.code")
    first_month = MonthField(source="budget.starts_on")
    last_month = MonthField(source="budget.ends_on")
    window = serializers.ChoiceField(Window.choices, source="budget.window")
    version = serializers.IntegerField(source="version.number", allow_null=True, help_text="The one in force.")
    total = AmountField(source="version.total", allow_null=True, help_text="What that version states.")
    findings = serializers.IntegerField(help_text="How many things do not add up in it.")
    whole = serializers.BooleanField(help_text="Whether the reader's role reaches over all of it.")
    status = serializers.ChoiceField(
        [(each.value, each.value) for each in Health],
        source="health",
        help_text="Healthy holds less than the ladder's second rung, warning less than its third, critical up to all of it.",
    )
    ladder = RungSerializer(many=True, source="rungs", help_text="By which the status is said.")
    utilization_pct = serializers.DecimalField(
        None, 2, source="utilization", allow_null=True, help_text="What is held of what is allotted; null where nothing is."
    )
    figures = FiguresSerializer()
    attributes = AttributesField(source="budget.kept_attributes")


class LoadedSerializer(Given):
    """What loading a budget document came to."""

    budget = serializers.CharField(source="budget.code")
    version = serializers.IntegerField(source="version.number")
    unchanged = serializers.BooleanField(help_text="This very document was in force, or waits, already.")
    waits = serializers.BooleanField(help_text="Its version waits for the budget's owner and finance to sign it.")
    lines = serializers.IntegerField()
    total = AmountField()
    currency = serializers.CharField(source="budget.currency")
    findings = FindingSerializer(many=True)


class OwnerTakenSerializer(Taken):
    """Who owns the budget."""

    owner = serializers.EmailField(max_length=254, allow_null=True, help_text="Their address; null for nobody by name.")


class OwnerSerializer(Given):
    """Who owns a budget; null: whoever decides over its cost centre stands for the owner."""

    budget = serializers.CharField(source="code")
    owner = serializers.CharField(source="owner.email", allow_null=True)
    name = serializers.CharField(source="owner.name", allow_null=True)


class DocumentSerializer(Taken):
    """A budget as a document: what `manage.py load_budget` takes as YAML, here as JSON."""

    def to_internal_value(self, data: Any) -> Any:
        """Hand the document on: its own schema is the one that judges it, place by place."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("A budget document is an object.")
        return data


class CurrencySumSerializer(Given):
    """Budgets of one currency, added up."""

    currency = serializers.CharField()
    budgets = serializers.IntegerField()
    findings = serializers.IntegerField()
    figures = FiguresSerializer()


class SummarySerializer(Given):
    """The budgets that the reader may see, added up by currency."""

    budgets = serializers.IntegerField()
    by_currency = CurrencySumSerializer(many=True)


class AskedFiguresSerializer(Taken):
    """As of which moment, and through which month."""

    as_of = MomentField(required=False, help_text="As recorded up to this moment (included): a past one.")
    through = MonthField(required=False, help_text="Of the months up to this one (included).")


class LineFiguresSerializer(Given):
    """A budget line with its figures."""

    account = serializers.IntegerField(source="account.id")
    name = serializers.CharField(source="account.name")
    cost_centre = serializers.CharField(source="account.cost_centre.code")
    figures = FiguresSerializer()


class CategoryFiguresSerializer(Given):
    """A category with its lines; its envelope and what was planned are told to who reads the whole budget."""

    category = serializers.CharField(source="category.code")
    name = serializers.CharField(source="category.name")
    envelope = AmountField(allow_null=True)
    planned = AmountField(allow_null=True)
    figures = FiguresSerializer()
    lines = LineFiguresSerializer(many=True)


class BudgetFiguresSerializer(Given):
    """Budget against actual."""

    budget = serializers.CharField()
    currency = serializers.CharField()
    as_of = MomentField(allow_null=True)
    through = MonthField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(["final", "preliminary"], help_text="Final once all months of the budget are closed.")
    figures = FiguresSerializer()
    categories = CategoryFiguresSerializer(many=True)


class AskedChangesSerializer(Taken):
    """Between which two moments, and through which month."""

    since = MomentField(required=False, help_text="Recorded after this moment; without it, since this month began.")
    until = MomentField(required=False, help_text="Recorded up to this moment (included); without it, up to now.")
    through = MonthField(required=False, help_text="Of the months up to this one (included).")


class ChangedLineSerializer(Given):
    """A budget line at which entries were recorded in between."""

    account = serializers.IntegerField(source="account.id")
    name = serializers.CharField(source="account.name")
    cost_centre = serializers.CharField(source="account.cost_centre.code")
    category = serializers.CharField(source="account.category.code")
    before = FiguresSerializer()
    change = FiguresSerializer()
    after = FiguresSerializer()
    journals = serializers.IntegerField()


class CauseSerializer(Given):
    """What the journals of one kind changed."""

    kind = serializers.ChoiceField(Journal.Kind.choices)
    change = FiguresSerializer()
    journals = serializers.IntegerField()


class ChangesSerializer(Given):
    """What changed at a budget between two moments, as far as the reader's role reaches."""

    since = MomentField()
    until = MomentField(help_text="Without one asked for, the last moment to which nothing can be posted any more.")
    through = MonthField(allow_null=True)
    before = FiguresSerializer()
    change = FiguresSerializer()
    after = FiguresSerializer()
    untouched = serializers.IntegerField(help_text="Lines at which nothing was recorded.")
    lines = ChangedLineSerializer(many=True)
    causes = CauseSerializer(many=True)


class VersionSerializer(Given):
    """One stand of a budget."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(BudgetVersion.State.choices)
    total = AmountField()
    currency = serializers.CharField(source="budget.currency")
    note = serializers.CharField()
    source_name = serializers.CharField(help_text="The file it was loaded from.")
    created_at = MomentField()
    created_by = serializers.CharField(source="created_by.name", allow_null=True)
    in_force_at = MomentField(allow_null=True)


class SignatureSerializer(Given):
    """One side's signature under a version."""

    side = serializers.ChoiceField(VersionSignOff.Side.choices)
    person = serializers.CharField(source="person.name")
    at = MomentField()


class SignOffsSerializer(Given):
    """How a version stands: whether it waits to be signed, what would be signed, who has, and which side has not."""

    waits = serializers.BooleanField()
    digest = serializers.CharField(help_text="Stands for all that the version plans and states. Blank: nothing of it is signed.")
    signed = SignatureSerializer(many=True)
    missing = serializers.ListField(child=serializers.ChoiceField(VersionSignOff.Side.choices))


class SignSerializer(Taken):
    """For which side a version is signed, and what was seen of it."""

    side = serializers.ChoiceField(VersionSignOff.Side.choices)
    digest = serializers.CharField(min_length=64, max_length=64)


class PlannedMonthSerializer(Given):
    """What a line plans for a month."""

    month = MonthField()
    amount = AmountField()


class PlannedLineSerializer(Given):
    """A line of a version, by month."""

    name = serializers.CharField(source="line.name")
    cost_centre = serializers.CharField(source="line.cost_centre.code")
    amount = AmountField(source="line.amount")
    amount_high = AmountField(source="line.amount_high", allow_null=True)
    phasing = serializers.CharField(source="line.phasing")
    basis = serializers.CharField(help_text="How the amount came about.")
    months = PlannedMonthSerializer(many=True)


class PlannedCategorySerializer(Given):
    """A category of a version with its lines, as far as the reader's reach goes."""

    category = serializers.CharField(source="category.code")
    envelope = AmountField(source="envelope.amount", allow_null=True)
    share_pct = serializers.DecimalField(
        max_digits=9, decimal_places=2, allow_null=True, help_text="Of the version's stated total, in per cent."
    )
    variance_threshold = AmountField(source="envelope.variance_threshold", allow_null=True)
    lines = PlannedLineSerializer(many=True)


class PlanSerializer(Given):
    """What a version plans, and what does not add up in it."""

    version = serializers.IntegerField()
    currency = serializers.CharField()
    categories = PlannedCategorySerializer(many=True)
    findings = FindingSerializer(many=True)


class BoundField(MonthField):
    """The first or last month of a window; a life has none."""

    def to_representation(self, value: date) -> Any:
        """Write YYYY-MM, or nothing."""
        return None if value in LIFE else super().to_representation(value)


class WindowSerializer(Given):
    """A window of a control; its limit is with the tolerance."""

    first = BoundField(source="stand.first", allow_null=True)
    last = BoundField(source="stand.last", allow_null=True)
    limit = AmountField(source="stand.cap")
    held = AmountField(source="stand.held")
    left = AmountField(source="stand.left")
    excused = AmountField(help_text="How far it may stand over its limit: facts and overrides passed it.")


class ControlWindowsSerializer(Given):
    """Every window of a control."""

    control = serializers.IntegerField()
    currency = serializers.CharField()
    windows = WindowSerializer(many=True)


class TightestSerializer(Given):
    """The window with the least left."""

    first = BoundField(allow_null=True)
    last = BoundField(allow_null=True)
    limit = AmountField(source="cap")
    held = AmountField()
    left = AmountField()


class ControlSerializer(Given):
    """A limit on a set of budget lines over a window of months. Amounts are in its currency."""

    id = serializers.IntegerField(source="control.id")
    entity = serializers.CharField(source="control.entity.code")
    name = serializers.CharField(source="control.name")
    on = serializers.CharField(
        source="kind", help_text="What it sits on: a line, a category, a cost centre, a budget, the organization."
    )
    account = serializers.IntegerField(source="control.account_id", allow_null=True)
    budget = serializers.CharField(source="control.budget.code", allow_null=True)
    cost_centre = serializers.CharField(source="control.cost_centre.code", allow_null=True)
    category = serializers.CharField(source="control.category.code", allow_null=True)
    mode = serializers.ChoiceField(Mode.choices, source="control.mode")
    window = serializers.ChoiceField(Window.choices, source="control.window")
    tolerance = ExactField(source="control.tolerance", help_text="A share of the limit: 0.1 lets 10 % over pass.")
    own_limit = AmountField(source="control.own_limit", allow_null=True, help_text="Without one, what is allotted below it.")
    currency = serializers.CharField(source="control.currency")
    origin = serializers.ChoiceField(Control.Origin.choices, source="control.origin")
    tightest = TightestSerializer(source="stand", allow_null=True)
    excused = AmountField(help_text="The most that is excused in one of its windows.")


class TermsSerializer(Taken):
    """What a control does."""

    mode = serializers.ChoiceField(Mode.choices)
    tolerance = ExactField(required=False, help_text="A share of the limit: 0.1 lets 10 % over pass. Left out: 0.")
    own_limit = AmountField(required=False, allow_null=True, help_text="For each window. Left out: what is allotted below it.")
    force = serializers.BooleanField(required=False, help_text="Set it though it is below what is allotted or held.")
    reason = serializers.CharField(required=False, max_length=300, help_text="Needed where it is forced.")


class NewControlSerializer(TermsSerializer):
    """A control to state: on a line alone; else on a category and a cost centre, each with all below, in a budget or in all."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    account = serializers.IntegerField(required=False, min_value=1, max_value=2**53)
    budget = serializers.CharField(required=False, max_length=40, help_text="Its code. Left out: all budgets.")
    cost_centre = serializers.CharField(required=False, max_length=40, help_text="Its code.")
    category = serializers.CharField(required=False, max_length=60, help_text="Its code.")
    window = serializers.ChoiceField(Window.choices)
