"""Windows that facts took over their limits, as JSON."""

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.filters import OverrunFilter
from approvals.models import Overrun
from approvals.selectors.overruns import overruns_seen
from budgets.selectors.budgets import READING
from core.api.endpoint import Listed
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given


class OverrunSerializer(Given):
    """By how much a window of a limit stands over it, and who is asked about that."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    name = serializers.CharField(help_text="What the limit is on.")
    first = MonthField(help_text="The window's first month.")
    last = MonthField(help_text="Its last month.")
    amount = AmountField(help_text="By how much it stands over.")
    currency = serializers.CharField()
    budget = serializers.CharField(source="account.budget.code")
    account = serializers.IntegerField(source="account_id", help_text="The budget line that went over.")
    account_name = serializers.CharField(source="account.name")
    month = MonthField(help_text="The month in which it did.")
    journal = serializers.IntegerField(source="journal_id", help_text="What went over.")
    by_override = serializers.BooleanField(help_text="An approval let it pass; nobody is asked again.")
    state = serializers.ChoiceField(Overrun.State.choices)
    request = serializers.CharField(source="request.number", allow_null=True, help_text="By which somebody is asked.")
    why = serializers.CharField(help_text="Why nobody is asked; empty where somebody is.")
    opened_at = MomentField()
    ended_at = MomentField(allow_null=True)


class Overruns(Listed[Overrun]):
    """Overruns of the budget lines whose figures one reads, the newest first."""

    room = "approvals"
    model = Overrun
    rights = frozenset(READING)
    shows = OverrunSerializer
    filterset_class = OverrunFilter
    orderings = ("-id", "id", "-amount")

    def rows(self) -> QuerySet[Overrun]:
        return overruns_seen(self.person)
