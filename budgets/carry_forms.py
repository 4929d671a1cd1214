"""The forms of carrying on: which months, and what a cost centre says."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from budgets.forms import MonthField
from budgets.models import Budget, CarryRule, CostCentre
from budgets.rules.carrying import CarryTerms
from core.errors import InvalidInput
from core.models import Entity
from core.money import parse_amount

SPANS = [("month", "That month"), ("year", "The fiscal year that it lies in")]


class CarryForm(forms.Form):
    """What ends, a month or a year, and where what is left of it goes."""

    use_required_attribute = False

    through = MonthField(label="Carry on what is left of", error_messages={"required": "Choose the month that ends."})
    span = forms.ChoiceField(label="What ends with it", choices=SPANS, initial="month")
    into = MonthField(label="Into", required=False, help_text="Blank: the month after.")
    into_budget = forms.ChoiceField(
        label="Budget that takes it",
        required=False,
        error_messages={"invalid_choice": "Choose one of the budgets in force that could take it."},
    )
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, budget: Budget, others: Sequence[Budget], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        field = self.fields["into_budget"]
        assert isinstance(field, forms.ChoiceField)
        usual = [("", "This one, or the only one of that month")]
        field.choices = [*usual, *((each.code, f"{each.code}, {each.name}") for each in [budget, *others])]

    def clean_through(self) -> date:
        """Refuse a month outside the budget."""
        month: date = self.cleaned_data["through"]
        if not self.budget.starts_on <= month <= self.budget.ends_on:
            first, last = self.budget.starts_on, self.budget.ends_on
            raise forms.ValidationError(f"{self.budget.name} spans {first:%B %Y} to {last:%B %Y}. Choose a month of it.")
        return month


class CarryRuleForm(forms.Form):
    """What a cost centre carries on, and from when."""

    use_required_attribute = False

    cost_centre = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(),
        label="Cost centre",
        empty_label="Choose",
        error_messages={"required": "Choose the cost centre that says so."},
    )
    starts_on = MonthField(label="From the end of", error_messages={"required": "Choose the first month whose end it holds for."})
    kind = forms.ChoiceField(label="Of what is left on a line it carries", choices=CarryRule.Kind.choices)
    up_to = forms.CharField(
        label="Up to",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        help_text="Per cent with a share, the amount for each line with an amount.",
    )
    note = forms.CharField(label="Why", required=False, max_length=300)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity = entity
        field = self.fields["cost_centre"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = CostCentre.objects.filter(entity=entity, is_active=True).select_related("entity").order_by("path")
        field.error_messages["invalid_choice"] = f"Choose a cost centre of {entity.name}."

    def clean(self) -> dict[str, Any]:
        """Return the terms as `terms`."""
        data = super().clean() or {}
        kind, text = data.get("kind"), str(data.get("up_to") or "").strip().removesuffix("%").strip()
        if kind not in {"share", "amount"}:
            if text:
                self.add_error("up_to", "Leave this blank, or choose a share or an amount.")
            data["terms"] = CarryTerms(str(kind))
            return data
        try:
            value = parse_amount(text, currency="USD" if kind == "share" else self.entity.currency, allow_zero=True)
        except InvalidInput as refusal:
            self.add_error("up_to", str(refusal))
            return data
        data["terms"] = self._terms(str(kind), value)
        return data

    def _terms(self, kind: str, value: Decimal) -> CarryTerms:
        if kind == "amount":
            return CarryTerms("amount", amount=value, currency=self.entity.currency)
        if value > Decimal(100):
            self.add_error("up_to", "State a share from 0 to 100 per cent.")
        return CarryTerms("share", share_pct=value)
