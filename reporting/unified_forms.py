"""What a reader may ask of the unified view."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from django import forms

from budgets.forms import MomentField, MonthField
from core.models import User
from reporting.selectors.unified_scope import Asked, Scope, budgets_to_unify, centres_to_unify, entities_to_unify


class SpanForm(forms.Form):
    """Which months, and at which moment of the past."""

    first = MonthField(label="From", required=False)
    last = MonthField(label="To the end of", required=False)
    as_of = MomentField(label="As it stood on", required=False, help_text="The end of that day.")

    def in_zone(self, zone: str) -> "SpanForm":
        """Read a day's end where the books are kept."""
        self.fields["as_of"].zone = ZoneInfo(zone)  # type: ignore[attr-defined]
        return self

    def asked(self, places: Asked) -> Asked:
        """Return what is asked for, with the months of it that could be read."""
        self.is_valid()
        return replace(places, first=self.cleaned_data.get("first"), last=self.cleaned_data.get("last"))

    def refuse(self, code: str, sentence: str) -> None:
        """Show what could not be so at the field that it is about."""
        self.add_error("as_of" if code == "not_settled" else "last", sentence)


class ScopeForm(forms.Form):
    """Of what: an organization, and of it a budget or a cost centre with all below it."""

    entity = forms.ChoiceField(label="Organization")
    budget = forms.ChoiceField(label="Budget", required=False)
    cost_centre = forms.ChoiceField(label="Cost centre", required=False)

    def __init__(self, user: User, scope: Scope) -> None:
        said = {
            "entity": scope.entity.code,
            "budget": scope.budget.code if scope.budget else "",
            "cost_centre": scope.centre.code if scope.centre else "",
        }
        super().__init__(said)
        choices = {
            "entity": [(each.code, each.name) for each in entities_to_unify(user)],
            "budget": [("", "All"), *((each.code, each.name) for each in budgets_to_unify(user, scope.entity))],
            "cost_centre": [("", "All"), *((each.code, str(each)) for each in centres_to_unify(user, scope.entity))],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]
        if len(choices["entity"]) == 1:
            self.fields["entity"].widget = forms.HiddenInput()
