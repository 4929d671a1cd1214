"""How reserves, their reports and draws on them are written and read."""

from typing import Any

from rest_framework import serializers

from approvals.models import ReserveTerms
from approvals.rules.reserves import MOST_REPORT_DAYS
from core.api.fields import AmountField, ExactField, MonthField
from core.api.serializers import Given, Taken


class ReserveTermsSerializer(Given):
    """What is stated of a reserve from a month on."""

    number = serializers.IntegerField()
    starts_on = MonthField()
    purpose = serializers.CharField()
    basis = serializers.ChoiceField(choices=ReserveTerms.Basis.choices)
    share_pct = ExactField(allow_null=True)
    amount = AmountField(allow_null=True)
    budget = serializers.CharField(source="budget.code", default=None, allow_null=True)
    cost_centre = serializers.CharField(source="cost_centre.code", default=None, allow_null=True)
    projection = serializers.CharField(help_text="Its name; blank where the target is a share of none.")
    horizon_months = serializers.IntegerField(allow_null=True)
    approver = serializers.CharField(help_text="A role’s code, or what owns it and which, such as committee:budget.")
    decides_within = serializers.CharField()
    document = serializers.CharField(help_text="What each use needs.")
    report_days = serializers.IntegerField(help_text="In how many business days a report about a use is due.")
    note = serializers.CharField()
    stated_at = serializers.DateTimeField()


class ReserveSerializer(Given):
    """A reserve: the line that holds it, and every statement of it, the newest first."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    account = serializers.IntegerField(source="account_id")
    budget = serializers.CharField(source="account.budget.code")
    cost_centre = serializers.CharField(source="account.cost_centre.code")
    currency = serializers.CharField(source="account.currency")
    closed_at = serializers.DateTimeField(allow_null=True, help_text="When it was given up.")
    closed_because = serializers.CharField()
    terms = ReserveTermsSerializer(many=True, source="statements")


class TermsTakenSerializer(Taken):
    """What is stated of a reserve from a month on. `budget`: with the basis budget; `projection`: with savings or growth."""

    starts_on = MonthField()
    purpose = serializers.CharField(max_length=300)
    basis = serializers.ChoiceField(choices=ReserveTerms.Basis.choices)
    share_pct = ExactField(required=False, allow_null=True)
    amount = AmountField(required=False, allow_null=True)
    budget = serializers.CharField(max_length=40, required=False, allow_blank=True)
    cost_centre = serializers.CharField(max_length=40, required=False, allow_blank=True)
    projection = serializers.CharField(max_length=100, required=False, allow_blank=True)
    horizon_months = serializers.IntegerField(min_value=1, max_value=120, required=False, allow_null=True)
    approver = serializers.CharField(max_length=300)
    decides_within = serializers.CharField(max_length=40, required=False)
    document = serializers.CharField(max_length=100)
    report_days = serializers.IntegerField(min_value=1, max_value=MOST_REPORT_DAYS)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ReserveTakenSerializer(TermsTakenSerializer):
    """A new reserve, and what is stated of it."""

    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The budget line that holds it.")
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=100)


class ReserveReasonSerializer(Taken):
    """Why."""

    reason = serializers.CharField(max_length=300)


class MonthAskedSerializer(Taken):
    """Which month; the present one where none is named."""

    month = MonthField(required=False)


class DrawnSerializer(Given):
    """What a draw takes in the month."""

    request = serializers.CharField(source="number", help_text="Blank, as the names are, where you may not see the request.")
    line = serializers.CharField(source="line_name")
    amount = AmountField()
    is_waiting = serializers.BooleanField(help_text="It waits for a decision, and is not drawn yet.")
    approved_by = serializers.ListField(child=serializers.CharField(), source="agreed_by")
    document = serializers.CharField(help_text="How it is there.")
    report = serializers.CharField(source="report_state", help_text="owed, overdue, written, confirmed; blank before it is owed.")
    report_due_at = serializers.DateTimeField(source="report.due_at", default=None, allow_null=True)


class ReserveReportSerializer(Given):
    """What a month did to a reserve: left = held at start + added - drawn + given back."""

    reserve = serializers.IntegerField(source="reserve.pk")
    month = MonthField()
    is_final = serializers.BooleanField(help_text="The month is closed.")
    currency = serializers.CharField(source="reserve.account.currency")
    target = AmountField(source="target.amount", allow_null=True)
    target_words = serializers.CharField(source="target.words", help_text="How it is reckoned, or why it is not known.")
    held_at_start = AmountField(source="stand.start")
    added = AmountField(source="stand.added", help_text="Below zero where the reserve was lowered.")
    drawn = AmountField(source="stand.drawn")
    given_back = AmountField(source="stand.given_back")
    left = AmountField(source="stand.left")
    waiting = AmountField(help_text="Of what is left: held by draws that wait for a decision.")
    against_target = AmountField(source="against", allow_null=True, help_text="What is left, less the target.")
    draws = DrawnSerializer(many=True)


class MonthOfDrawSerializer(Taken):
    """What is drawn in one month."""

    month = MonthField()
    amount = AmountField()


class DrawTakenSerializer(Taken):
    """For which line, in which months and how much, why, and the document that the reserve asks for, in writing."""

    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The budget line that needs it.")
    months = MonthOfDrawSerializer(many=True, allow_empty=False, help_text="None twice.")
    reason = serializers.CharField(max_length=2000)
    document = serializers.CharField(max_length=20_000)


class UseSerializer(Given):
    """What the line did in a month of the draw. `used`: of what was drawn, its own budget gone first."""

    month = MonthField()
    drawn = AmountField()
    allotted = AmountField(source="figures.allotted")
    reserved = AmountField(source="figures.reserved")
    committed = AmountField(source="figures.committed")
    spent = AmountField(source="figures.spent")
    used = AmountField()


class DrawReportSerializer(Given):
    """The report that a draw owes or has."""

    state = serializers.CharField(help_text="owed, overdue, written or confirmed.")
    due_at = serializers.DateTimeField(source="report.due_at")
    outcome = serializers.CharField(source="report.outcome")
    written_at = serializers.DateTimeField(source="report.written_at", allow_null=True)
    confirmed_at = serializers.DateTimeField(source="report.confirmed_at", allow_null=True)
    returned_because = serializers.CharField(source="report.returned_because")


class DrawSerializer(Given):
    """A draw: its request, the reserve, the line, the document, what the line did with it, and the report."""

    request = serializers.CharField(source="draw.request.number")
    state = serializers.CharField(source="draw.request.state")
    reserve = serializers.IntegerField(source="draw.reserve_id")
    line = serializers.IntegerField(source="draw.taker_id")
    currency = serializers.CharField(source="draw.request.currency")
    amount = AmountField(source="draw.request.amount")
    document = serializers.CharField(source="draw.document", help_text="Blank where it is attached to the request.")
    use = UseSerializer(many=True)
    report = DrawReportSerializer(allow_null=True)


class DrawOutcomeSerializer(Taken):
    """What it was spent on, and what came of it."""

    outcome = serializers.CharField(max_length=20_000)


class DrawMissingSerializer(Taken):
    """What a report misses."""

    missing = serializers.CharField(max_length=1000)


def taken_terms(data: dict[str, Any]) -> dict[str, Any]:
    """Return what is stated as text and figures, without what names other things."""
    kept = ("starts_on", "purpose", "basis", "share_pct", "amount", "projection", "horizon_months", "approver")
    return {name: data[name] for name in (*kept, "decides_within", "document", "report_days", "note") if name in data}
