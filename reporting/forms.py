"""What a person may say to a report."""

from datetime import date

from django import forms

from budgets.models import Budget
from core.errors import InvalidInput
from reporting.rules.grouping import month_range
from reporting.rules.wording import month_name


class MonthForm(forms.Form):
    """Choose the month to report, from those that the budget spans."""

    month = forms.ChoiceField(label="Month")

    def __init__(self, budget: Budget, month: date) -> None:
        super().__init__({"month": f"{month:%Y-%m}"}, auto_id="report_%s")
        months = month_range(budget.starts_on, budget.ends_on)
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(f"{each:%Y-%m}", month_name(each)) for each in months]


class IssueForm(forms.Form):
    """Issue a month's pack: which month, and why it is issued again."""

    month = forms.CharField(max_length=7, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=400, required=False, label="Why it is issued again", help_text="Stands in the pack where there was one before."
    )


def month_asked(text: str) -> date | None:
    """Return the month that YYYY-MM names; None where nothing was asked. Raises InvalidInput for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise InvalidInput(f"“{text[:20]}” is not a month.", remedy="Write it as 2026-10.") from error
