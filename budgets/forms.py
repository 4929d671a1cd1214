"""The forms of budgets."""

from datetime import date
from typing import Any

from django import forms

from budgets.rules.months import add_months, months_between

MOST_MONTHS = 60
LARGEST_DOCUMENT = 512 * 1024


class MonthField(forms.DateField):
    """A month, written YYYY-MM; its value is the first day."""

    widget = forms.DateInput(attrs={"type": "month", "placeholder": "2026-11"}, format="%Y-%m")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m", "%Y-%m-01"], **kwargs)
        self.error_messages["invalid"] = "Write the month as year and month, such as 2026-11."


class OpenForm(forms.Form):
    """A span of months to open."""

    first = MonthField(label="First month")
    last = MonthField(label="Last month")

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it starts, or that is longer than five years."""
        data = super().clean() or {}
        first: date | None = data.get("first")
        last: date | None = data.get("last")
        if first and last and last < first:
            self.add_error("last", "The last month lies before the first. Swap them.")
        elif first and last and last > add_months(first, MOST_MONTHS - 1):
            months = len(months_between(first, last))
            self.add_error("last", f"These are {months} months. Open {MOST_MONTHS} at most at a time.")
        return data


class CloseForm(forms.Form):
    """The month to close."""

    month = MonthField()


class ReopenForm(forms.Form):
    """The month to open again, and why."""

    month = MonthField()
    reason = forms.CharField(max_length=300, strip=True)


class BudgetFileForm(forms.Form):
    """A budget as a YAML file."""

    file = forms.FileField(
        label="Budget file",
        help_text="YAML, up to 512 kB. Nothing is loaded before you have seen what it would do.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large or empty before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_DOCUMENT:
            raise forms.ValidationError(
                f"The file has {file.size // 1024} kB; a budget file has 512 kB at most. Split the budget."
            )
        return file


class ConfirmForm(forms.Form):
    """What was shown, signed, so that what is loaded is what was shown."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=4 * LARGEST_DOCUMENT)
