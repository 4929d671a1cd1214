"""Master data, months, rates and the ledger as JSON."""

from rest_framework import serializers

from budgets.models import Bucket, CostCentre, Journal, Period
from budgets.selectors.journal_states import State
from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken


class CostCentreSerializer(Given):
    """A node of an organization's cost centre tree."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(CostCentre.Kind.choices)
    parent = serializers.CharField(source="parent.code", allow_null=True)  # type: ignore[assignment]  # see ProblemSerializer
    path = serializers.CharField(help_text="The chain of codes from the root.")
    is_active = serializers.BooleanField()


class CategorySerializer(Given):
    """A node of an organization's category tree."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    parent = serializers.CharField(source="parent.code", allow_null=True)  # type: ignore[assignment]  # see ProblemSerializer
    path = serializers.CharField(help_text="The chain of codes from the root.")
    is_active = serializers.BooleanField()


class VendorSerializer(Given):
    """Someone who is paid."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()


class PeriodSerializer(Given):
    """A posting month of an organization."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    month = MonthField()
    state = serializers.ChoiceField(Period.State.choices)
    closed_at = MomentField(allow_null=True)
    closed_by = serializers.CharField(source="closed_by.name", allow_null=True)


class OpeningSerializer(Taken):
    """A span of months to open."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    first = MonthField()
    last = MonthField()


class OpenedSerializer(Given):
    """The months that were opened; those that had been before are not among them."""

    opened = PeriodSerializer(many=True)


class ReopeningSerializer(Taken):
    """Why a closed month is opened again."""

    reason = serializers.CharField(max_length=300, help_text="It is kept in the audit trail.")


class RateSerializer(Given):
    """From `valid_on`, one unit of `currency` is `rate` units of `in_currency`, until a later rate is valid."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    currency = serializers.CharField()
    in_currency = serializers.CharField(source="entity.currency")
    valid_on = serializers.DateField()
    rate = ExactField()
    source = serializers.CharField()  # type: ignore[assignment]  # see ProblemSerializer
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.name", allow_null=True)


class StatedRateSerializer(Taken):
    """A rate to state. None is changed: the latest word holds."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    currency = serializers.CharField(max_length=3)
    valid_on = serializers.DateField()
    rate = ExactField()
    source = serializers.CharField(max_length=100, help_text="Who says so.")  # type: ignore[assignment]  # see ProblemSerializer


class FiguresSerializer(Given):
    """What is allotted, held and left."""

    allotted = AmountField()
    reserved = AmountField()
    committed = AmountField()
    spent = AmountField()
    paid = AmountField(help_text="Of what was spent.")
    held = AmountField(help_text="Reserved, committed and spent.")
    available = AmountField(help_text="Allotted less held.")


class AccountSerializer(Given):
    """A budget line of the ledger, and what it holds over all months."""

    id = serializers.IntegerField(source="account.id")
    entity = serializers.CharField(source="account.entity.code")
    budget = serializers.CharField(source="account.budget.code")
    cost_centre = serializers.CharField(source="account.cost_centre.code")
    category = serializers.CharField(source="account.category.code")
    name = serializers.CharField(source="account.name")
    currency = serializers.CharField(source="account.currency")
    figures = FiguresSerializer()


class EntrySerializer(Given):
    """An amount that moved in one bucket of one account in one month. Never changed."""

    id = serializers.IntegerField()
    journal = serializers.IntegerField(source="journal_id")
    number = serializers.IntegerField(help_text="Its place in the journal.")
    account = serializers.IntegerField(source="account_id")
    budget = serializers.CharField(source="account.budget.code")
    cost_centre = serializers.CharField(source="account.cost_centre.code")
    category = serializers.CharField(source="account.category.code")
    month = MonthField()
    bucket = serializers.ChoiceField(Bucket.choices)
    amount = AmountField()
    currency = serializers.CharField(source="account.currency")
    thread = serializers.CharField(help_text="Ties what one document's line reserved, committed and spent.")
    memo = serializers.CharField()
    recorded_at = MomentField()


class RecodingSerializer(Taken):
    """On which budget line it should have been spent, and why."""

    to = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The account that takes it.")
    month = MonthField(required=False, help_text="Where its own month is closed: the open one to put it in.")
    reason = serializers.CharField(max_length=400)


class RecodedSideSerializer(Given):
    """A budget line before and after, over all months, in its currency."""

    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    budget = serializers.CharField(source="account.budget.code")
    currency = serializers.CharField(source="account.currency")
    spent_before = AmountField(source="before.spent")
    spent_after = AmountField()
    available_before = AmountField(source="before.available")
    available_after = AmountField()


class RecodedSerializer(Given):
    """The journal that took the spend off one line and put it on the other, and both lines."""

    journal = serializers.IntegerField()
    entry = serializers.IntegerField(help_text="What was re-coded.")
    amount = AmountField()
    currency = serializers.CharField()
    giver = RecodedSideSerializer()
    taker = RecodedSideSerializer()


class JournalSerializer(Given):
    """One posting: all its entries or none."""

    id = serializers.IntegerField(source="journal.id")
    entity = serializers.CharField(source="journal.entity.code")
    kind = serializers.ChoiceField(Journal.Kind.choices, source="journal.kind")
    state = serializers.ChoiceField([state.value for state in State], source="state.state")
    actor = serializers.CharField(source="journal.actor.name", allow_null=True)
    source_type = serializers.CharField(source="journal.source_type")
    source_id = serializers.CharField(source="journal.source_id")
    reverses = serializers.IntegerField(source="journal.reverses_id", allow_null=True)
    settles = serializers.IntegerField(source="journal.settles_id", allow_null=True)
    is_fact = serializers.BooleanField(source="journal.is_fact")
    is_override = serializers.BooleanField(source="journal.is_override")
    memo = serializers.CharField(source="journal.memo")
    recorded_at = MomentField(source="journal.recorded_at")


class ClosingOrderSerializer(Taken):
    """Which order of opening balances is closed, and why."""

    thread = serializers.CharField(max_length=200, help_text="As the entries of the opening name it.")
    reason = serializers.CharField(max_length=300)


class LedgerCheckSerializer(Given):
    """What a check of the whole ledger found. Places are named to who audits all organizations."""

    is_whole = serializers.BooleanField()
    entries = serializers.IntegerField()
    accounts = serializers.IntegerField()
    drift = serializers.ListField(
        child=serializers.CharField(), help_text="Balances and counters that their entries do not make."
    )
    breaks = serializers.ListField(child=serializers.CharField(), help_text="Chains that are broken.")
