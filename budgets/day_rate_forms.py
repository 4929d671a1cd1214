"""What people type about day rates. Forms read and judge text; they write nothing."""

from datetime import date
from typing import Any

from django import forms

from budgets.forms import MonthField
from budgets.models import Budget
from budgets.rules.day_rates import LONGEST_NAME, LONGEST_SOURCE, day_rate_of
from budgets.rules.months import first_of
from core.errors import InvalidInput
from core.models import Entity


class DayRateForm(forms.Form):
    """A day rate, typed. A role that is on the card keeps its name where none is typed."""

    role = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"placeholder": "backend-developer", "spellcheck": "false"})
    )
    name = forms.CharField(
        label="What it is called", max_length=LONGEST_NAME, required=False, help_text="Blank: as it is called now."
    )
    starts_on = MonthField(label="Holds from")
    rate = forms.CharField(
        label="A day costs",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "placeholder": "750.00"}),
        help_text="Blank: the role is taken off the card from that month on.",
    )
    currency = forms.CharField(max_length=3, widget=forms.TextInput(attrs={"autocapitalize": "characters", "placeholder": "EUR"}))
    source = forms.CharField(label="Who says so", max_length=LONGEST_SOURCE, help_text="A salary band, a contract, a quote.")

    def __init__(self, *args: Any, entity: Entity, names: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        self.fields["currency"].initial = entity.currency

    def clean(self) -> dict[str, Any]:
        """Read it as a line of a file is read."""
        data = super().clean() or {}
        if self.errors:
            return data
        role = data["role"].strip()
        try:
            data["said"] = day_rate_of(
                role=role,
                name=data["name"] or self.names.get(role, ""),
                starts_on=f"{data['starts_on']:%Y-%m}",
                rate=data["rate"].strip(),
                currency=data["currency"],
                source=data["source"],
            )
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                self.add_error(name, f"{sentence[0].upper()}{sentence[1:]}.")
        return data


class DayRatesFileForm(forms.Form):
    """Day rates as a CSV file."""

    file = forms.FileField(
        label="CSV file",
        help_text="Columns role, name, starts_on, rate, currency, source. Nothing is kept before you have seen what it changes.",
        widget=forms.FileInput(attrs={"accept": ".csv"}),
    )


class SinceForm(forms.Form):
    """From which month of a budget on its lines are held against the card."""

    since = MonthField(label="Months from")

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        self.fields["since"].help_text = "Months before it stay as they are planned."

    def clean_since(self) -> date:
        """Refuse a month outside the budget."""
        since: date = self.cleaned_data["since"]
        if not self.budget.starts_on <= first_of(since) <= self.budget.ends_on:
            raise forms.ValidationError(
                f"{self.budget.name} runs from {self.budget.starts_on:%b %Y} to {self.budget.ends_on:%b %Y}. "
                "Choose a month of these."
            )
        return since
