"""The unified view as JSON: the same figures as on the page."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given, Taken
from reconciliation.models import Source
from reconciliation.rules.expecting import Standing
from reporting.api.serializers import STATES
from reporting.rules.unified import SYSTEMS
from reporting.selectors.unified_sql import BUCKETS_SHOWN


class AskedUnifiedSerializer(Taken):
    """Of what, which months, and as of when."""

    entity = serializers.CharField(
        max_length=60, required=False, help_text="Its code; else the first of which you read something."
    )
    budget = serializers.CharField(max_length=60, required=False, help_text="One that you read whole; figures in its currency.")
    cost_centre = serializers.CharField(max_length=60, required=False, help_text="With all below it.")
    first = MonthField(required=False, help_text="Left out: the first of the fiscal year, or of the budget.")
    last = MonthField(required=False, help_text="Left out: this month.")
    as_of = MomentField(required=False, help_text="As recorded up to this moment (included): a past one.")


class AskedUnifiedEntriesSerializer(AskedUnifiedSerializer):
    """Which figure of the view: its bucket, category, system or origin, and month."""

    bucket = serializers.ChoiceField(list(BUCKETS_SHOWN), required=False, help_text="Left out: what was spent.")
    category = serializers.CharField(max_length=60, required=False, help_text="Its code; with all below it.")
    direct = serializers.BooleanField(required=False, help_text="Of the category alone, without what lies below it.")
    system = serializers.ChoiceField(list(SYSTEMS.items()), required=False)
    origin = serializers.CharField(max_length=60, required=False, help_text="The key of an origin.")
    month = MonthField(required=False, help_text="One of the months; left out: all of them.")
    elsewhere = serializers.BooleanField(
        required=False, help_text="Only what a document dates in another month than the one it is posted in."
    )
    page = serializers.IntegerField(min_value=1, max_value=10**6, required=False)


class UnifiedEntrySerializer(Given):
    """An entry of a figure, with what it came from."""

    id = serializers.IntegerField(source="entry.pk")
    budget = serializers.CharField(source="entry.account.budget.code")
    line = serializers.CharField(source="entry.account.name")
    category = serializers.CharField(source="entry.account.category.code")
    cost_centre = serializers.CharField(source="entry.account.cost_centre.code")
    month = MonthField(source="entry.month", help_text="In which it is posted.")
    document_date = serializers.DateField(source="dated_on", allow_null=True, help_text="Null: it has no date of its own.")
    origin = serializers.CharField(source="origin.key")
    amount = AmountField()
    journal = serializers.IntegerField(source="entry.journal_id")
    memo = serializers.CharField(source="entry.memo")
    recorded_at = MomentField(source="entry.recorded_at")
    import_row = serializers.SerializerMethodField(help_text="The imported row, for those who read imports; else null.")

    def get_import_row(self, shown: Any) -> int | None:
        found: int | None = shown.row_id if self.context.get("sees_rows") else None
        return found


class UnifiedEntriesSerializer(Given):
    """A page of a figure's entries, the latest month first. `total` is the figure."""

    currency = serializers.CharField()
    total = AmountField(source="found.total")
    count = serializers.IntegerField(source="found.count")
    page = serializers.IntegerField(source="found.page")
    pages = serializers.IntegerField(source="found.pages")
    entries = serializers.SerializerMethodField()

    @extend_schema_field(UnifiedEntrySerializer(many=True))
    def get_entries(self, said: Any) -> Any:
        shown = UnifiedEntrySerializer(said["found"].rows, many=True, context={"sees_rows": said["sees_rows"]})
        return shown.data


class UnifiedAmountsSerializer(Given):
    """Figures of some months. What is spent is by origin, in the order of `origins`; it adds up to `actual`."""

    budget = AmountField(source="plan")
    reserved = AmountField()
    committed = AmountField()
    held = AmountField(help_text="Reserved and committed.")
    by_origin = serializers.SerializerMethodField(help_text="What was spent, by the key of its origin; left out: nothing.")
    actual = AmountField()
    final = AmountField(help_text="Of it, in closed months.")
    preliminary = AmountField(help_text="Of it, in open months.")
    variance = AmountField(help_text="Actual less budget. Positive costs more than planned.")
    remaining = AmountField(help_text="Budget less held and actual.")

    def get_by_origin(self, amounts: Any) -> dict[str, str]:
        return {key: f"{amount:.2f}" for key, amount in amounts.spent.items()}


class UnifiedCategorySerializer(Given):
    """A category: what lies on it directly, and with all below it. Its parts come after it, one step deeper."""

    code = serializers.CharField()
    name = serializers.CharField()
    path = serializers.CharField()
    depth = serializers.IntegerField()
    own = UnifiedAmountsSerializer()
    whole = UnifiedAmountsSerializer()


class UnifiedMonthSerializer(Given):
    """A month's figures: final once it is closed."""

    month = MonthField()
    state = serializers.ChoiceField(STATES)
    amounts = UnifiedAmountsSerializer()


class UnifiedOriginSerializer(Given):
    """What figures came from: a source of files, or Purser itself."""

    key = serializers.CharField()
    name = serializers.CharField()
    system = serializers.ChoiceField(list(SYSTEMS.items()))
    source = serializers.IntegerField(source="source_id", allow_null=True)  # type: ignore[assignment]  # see ProblemSerializer


class UnifiedSourceSerializer(Given):
    """A source of files: its last file, with the rows of that, and how it stands to what is expected of it."""

    key = serializers.CharField(source="origin.key")
    format = serializers.ChoiceField(Source.Format.choices)
    cadence = serializers.ChoiceField(Source.Cadence.choices)
    keeper = serializers.CharField(help_text="Whom to ask. Empty: nobody is named.")
    standing = serializers.ChoiceField([each.value for each in Standing], source="expected.standing")
    due_on = serializers.DateField(
        source="expected.due_on", allow_null=True, help_text="When its next file is due, with its grace."
    )
    days_late = serializers.IntegerField(source="expected.days_late")
    import_file = serializers.IntegerField(
        source="file_id", allow_null=True, help_text="Its last file; null for those who do not read imports."
    )
    file = serializers.CharField()
    came_at = MomentField(allow_null=True)
    last_on = serializers.DateField(allow_null=True, help_text="The last day in that file.")
    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    ignored = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Rows in quarantine of all its files, whatever their month.")


class UnifiedWaitingSerializer(Given):
    """What is known and not in the ledger yet, of an origin in a currency."""

    origin = serializers.CharField()
    currency = serializers.CharField()
    count = serializers.IntegerField()
    amount = AmountField()
    unread = serializers.IntegerField(help_text="How many of them state no amount.")


class UnifiedSerializer(Given):
    """Budget, held and spent on one list of categories and one posting month, with where each figure came from."""

    entity = serializers.CharField(source="scope.entity.code")
    budget = serializers.CharField(source="scope.budget.code", allow_null=True, default=None)
    cost_centre = serializers.CharField(source="scope.centre.code", allow_null=True, default=None)
    currency = serializers.CharField(source="view.currency")
    first = MonthField(source="view.first")
    last = MonthField(source="view.last")
    state = serializers.ChoiceField(STATES, source="view.freshness.state", help_text="final: each of the months is closed.")
    as_of = MomentField(source="view.as_of", allow_null=True, help_text="null: as it stands now.")
    ledger = AmountField(source="view.ledger", help_text="What the stored balances say was spent.")
    agrees = serializers.BooleanField(source="view.agrees", help_text="Whether the origins come to it.")
    total = UnifiedAmountsSerializer(source="view.total")
    categories = UnifiedCategorySerializer(many=True)
    months = UnifiedMonthSerializer(many=True, source="view.months")
    origins = UnifiedOriginSerializer(many=True, source="view.origins")
    sources = UnifiedSourceSerializer(many=True, source="view.sources")
    quarantined = UnifiedWaitingSerializer(many=True, source="view.quarantined")
    uncoded = UnifiedWaitingSerializer(many=True, source="view.uncoded")
