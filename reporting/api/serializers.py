"""Reports and packs as JSON: the same figures as on the pages."""

from rest_framework import serializers

from core.api.fields import AmountField, ExactField, MomentField, MonthField
from core.api.serializers import Given, Taken
from reporting.rules.rag import Status

STATUSES = [status.value for status in Status]
STATES = ["final", "preliminary"]


class AskedMonthSerializer(Taken):
    """The month to report."""

    month = MonthField(required=False, help_text="Left out: the last whole month that the budget spans.")


class ReportFiguresSerializer(Given):
    """What was planned, what happened, what is held."""

    plan_to_date = AmountField()
    actual_to_date = AmountField()
    variance = AmountField(help_text="Actual less plan, to date. Positive costs more than planned.")
    percent = ExactField(allow_null=True, help_text="The variance in per cent of the plan to date.")
    achieved_pct = serializers.DecimalField(
        None, 2, source="achieved", allow_null=True, help_text="Actual in per cent of plan, to date; null for a plan of zero."
    )
    plan_total = AmountField()
    actual_total = AmountField()
    reserved = AmountField()
    committed = AmountField()
    paid = AmountField()
    promised = AmountField(help_text="Reserved and committed.")
    held = AmountField(help_text="Reserved, committed and spent, in all months.")
    remaining = AmountField(help_text="The whole plan less what is held.")


class ReportLineSerializer(Given):
    """A line of a report."""

    name = serializers.CharField()
    category = serializers.CharField()
    cost_centre = serializers.CharField()
    account = serializers.IntegerField(allow_null=True, help_text="Where it is one budget line.")
    threshold = AmountField(allow_null=True, help_text="From which variance it is red.")
    status = serializers.ChoiceField(STATUSES, allow_null=True, help_text="null: it bears none of its own.")
    share = ExactField(allow_null=True, help_text="The variance in per cent of the threshold.")
    has_budget = serializers.BooleanField(help_text="False: spend that no budget was stated for. A budget of zero is one.")
    figures = ReportFiguresSerializer()


class ReportRowSerializer(ReportLineSerializer):
    """A category or cost centre with its lines, or the whole."""

    lines = ReportLineSerializer(many=True)


class ReportMonthSerializer(Given):
    """Plan and actual of one month."""

    month = MonthField()
    plan = AmountField()
    actual = AmountField(allow_null=True, help_text="null: a month after the one reported.")
    variance = AmountField(allow_null=True)


class OriginSerializer(Given):
    """Where figures came from, and when something last did."""

    name = serializers.CharField()
    last = MomentField(allow_null=True)


class ReportFindingSerializer(Given):
    """Something in the budget that does not add up."""

    code = serializers.CharField()
    where = serializers.CharField()
    amount = AmountField()
    sentence = serializers.CharField()


class OutsideSerializer(Given):
    """Money or rows that are known but not in the figures."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    count = serializers.IntegerField()
    amount = AmountField(allow_null=True, help_text="null: not known.")


class HeadSerializer(Given):
    """What a report is about, and how fresh it is."""

    budget = serializers.CharField(source="report.budget.code")
    name = serializers.CharField(source="report.budget.name")
    entity = serializers.CharField(source="report.budget.entity")
    currency = serializers.CharField(source="report.budget.currency")
    version = serializers.IntegerField(source="report.budget.version")
    month = MonthField(source="report.month")
    state = serializers.ChoiceField(STATES, source="report.freshness.state")
    last_posting = MomentField(source="report.freshness.last_posting", allow_null=True)


class ReportSerializer(HeadSerializer):
    """Budget against actual to the end of a month, by category and by cost centre."""

    title = serializers.CharField(help_text="Its finding.")
    origins = OriginSerializer(source="report.freshness.sources", many=True)
    total = ReportRowSerializer(source="report.total")
    by_category = ReportRowSerializer(source="report.by_category", many=True)
    by_cost_centre = ReportRowSerializer(source="report.by_cost_centre", many=True)
    months = ReportMonthSerializer(source="report.months", many=True)
    findings = ReportFindingSerializer(source="report.findings", many=True)
    outside = OutsideSerializer(source="report.outside", many=True)


class PromiseSerializer(Given):
    """Money that is promised and not spent."""

    request = serializers.CharField(help_text="Empty: promised without one.")
    title = serializers.CharField()
    vendor = serializers.CharField()
    category = serializers.CharField()
    cost_centre = serializers.CharField()
    month = MonthField()
    bucket = serializers.CharField()
    amount = AmountField()
    since = MomentField(allow_null=True)


class SpendSerializer(Given):
    """An entry that a category's spend is made of."""

    id = serializers.IntegerField()
    journal = serializers.IntegerField(source="journal_id")
    account = serializers.IntegerField(source="account_id")
    month = MonthField()
    amount = AmountField()
    memo = serializers.CharField()
    recorded_at = MomentField()


class CategoryReportSerializer(HeadSerializer):
    """One category: its lines, its months, what is promised, and the latest entries it is made of."""

    category = ReportRowSerializer(source="row")
    note = serializers.CharField(help_text="Why it is what it is.")
    months = ReportMonthSerializer(many=True)
    promises = PromiseSerializer(many=True)
    entries = SpendSerializer(many=True)


class TileSerializer(Given):
    """One of the numbers for those who decide."""

    label = serializers.CharField()  # type: ignore[assignment]  # see ProblemSerializer
    value = serializers.CharField()
    unit = serializers.CharField()
    why = serializers.CharField()
    word = serializers.CharField()


class ReportReasonSerializer(Given):
    """A category, its variance, and the sentences that explain it."""

    name = serializers.CharField()
    category = serializers.CharField()
    variance = AmountField()
    status = serializers.ChoiceField(STATUSES)
    note = serializers.CharField()


class WantedSerializer(Given):
    """A decision that is wanted."""

    request = serializers.CharField()
    title = serializers.CharField()
    vendor = serializers.CharField()
    amount = AmountField()
    stage = serializers.CharField()
    role = serializers.CharField()
    due_at = MomentField()
    escalated = serializers.BooleanField()


class ReportMilestoneSerializer(Given):
    """A milestone of the budget."""

    code = serializers.CharField()
    name = serializers.CharField()
    due_on = serializers.DateField()
    done_on = serializers.DateField(allow_null=True)
    planned_cost = AmountField(allow_null=True)


class ReportSummarySerializer(HeadSerializer):
    """One page for those who decide: five numbers at most, the reasons, the decisions wanted."""

    title = serializers.CharField()
    lead = serializers.CharField()
    numbers = TileSerializer(source="figures", many=True)
    reasons = ReportReasonSerializer(many=True)
    wanted = WantedSerializer(source="around.wanted", many=True)
    still_open = serializers.CharField(source="open_title", help_text="How many decisions are wanted and exceptions open.")
    milestones = ReportMilestoneSerializer(source="around.milestones", many=True)


class StandingSerializer(Given):
    """Where a budget stands at the end of its last whole month. `status` is the worst of its categories."""

    budget = serializers.CharField(source="budget.code")
    name = serializers.CharField(source="budget.name")
    entity = serializers.CharField(source="budget.entity.code")
    currency = serializers.CharField(source="budget.currency")
    month = MonthField()
    status = serializers.ChoiceField(STATUSES)
    figures = ReportFiguresSerializer()


class IssuingSerializer(Taken):
    """Which month's pack to issue."""

    month = MonthField()
    note = serializers.CharField(max_length=400, required=False, allow_blank=True, help_text="Why it is issued again.")


class PackSerializer(Given):
    """A month's figures of a budget as they were issued. Never changed: a correction is a new issue."""

    id = serializers.IntegerField()
    budget = serializers.CharField(source="budget.code")
    month = MonthField()
    issue = serializers.IntegerField()
    is_final = serializers.BooleanField(help_text="Whether the month was closed when it was issued.")
    snapshot_sha256 = serializers.CharField(help_text="Of the data, as it is handed out.")
    figures_sha256 = serializers.CharField(help_text="Of the figures alone: equal where nothing changed.")
    last_journal = serializers.IntegerField(help_text="No later journal is in it.")
    reissue_of = serializers.IntegerField(source="reissue_of_id", allow_null=True)
    note = serializers.CharField()
    issued_at = MomentField()
    issued_by = serializers.CharField(source="issued_by.name", allow_null=True)
    pdf_sha256 = serializers.CharField(source="file.sha256", allow_null=True, help_text="null: its PDF is not made yet.")
    pdf_pages = serializers.IntegerField(source="file.pages", allow_null=True)
    pdf_size = serializers.IntegerField(source="file.size", allow_null=True, help_text="Bytes.")
