"""How openings are taken and given through the API."""

from typing import Any

from rest_framework import serializers

from budgets.models import Journal
from budgets.rules.opening import LONGEST_SOURCE
from budgets.rules.opening_table import LONGEST_REFERENCE
from budgets.selectors.opening import month_of, name_of
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given, Taken


class StatedSumsSerializer(Taken):
    """The old system's own sums; what is left out is zero."""

    allotted = AmountField(required=False, allow_negative=True)
    committed = AmountField(required=False)
    spent = AmountField(required=False, allow_negative=True)
    paid = AmountField(required=False, allow_negative=True)


class OpeningRowSerializer(StatedSumsSerializer):
    """What the old system has of a line, or of one open order on it; what is left out is zero."""

    category = serializers.CharField(max_length=200, help_text="Its code, or its name.")
    cost_centre = serializers.CharField(max_length=200, help_text="Its code, or its name.")
    reference = serializers.CharField(
        max_length=LONGEST_REFERENCE, required=False, help_text="What the old system calls the order."
    )


class OpeningTakenSerializer(Taken):
    """From which old system, into which month, its sums and its rows."""

    source_name = serializers.CharField(max_length=LONGEST_SOURCE, help_text="A budget is opened once from each.")
    month = MonthField()
    totals = StatedSumsSerializer()
    rows = OpeningRowSerializer(many=True, allow_empty=False)


class OpeningBackSerializer(Taken):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=300)


class OpeningJournalSerializer(Given):
    """A journal that opened a budget."""

    id = serializers.IntegerField(source="pk", help_text="The journal's number.")
    source_name = serializers.SerializerMethodField()
    month = serializers.SerializerMethodField()
    recorded_at = MomentField()
    reversed_by = serializers.SerializerMethodField(help_text="The journal that took it back; null while it stands.")

    def get_source_name(self, journal: Journal) -> str:
        """Return the old system's name."""
        return name_of(journal)

    def get_month(self, journal: Journal) -> str | None:
        """Return the month that it posted into."""
        month = month_of(journal)
        return f"{month:%Y-%m}" if month else None

    def get_reversed_by(self, journal: Journal) -> int | None:
        """Return the journal that took it back."""
        found: Any = getattr(journal, "reversed_by", None)
        return found.pk if found else None


class OpeningLineSerializer(Given):
    """A line with what was posted on it, and what stood there before."""

    account = serializers.IntegerField(source="account.pk")
    name = serializers.CharField(source="account.name")
    allotted = AmountField(source="posts.allotted")
    committed = AmountField(source="posts.committed")
    spent = AmountField(source="posts.spent")
    paid = AmountField(source="posts.paid")
    available_before = AmountField(source="stands.available")
    available_after = AmountField(source="after.available")


class OpeningPostedSerializer(Given):
    """What came of it."""

    journal = serializers.IntegerField(help_text="Of a dry run, one that is not there.")
    repeat = serializers.BooleanField(help_text="The same was posted before: nothing changed.")
    lines = OpeningLineSerializer(many=True)
