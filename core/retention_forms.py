"""What is said of retention, as it is typed."""

from django import forms

from core.models import RecordKinds
from core.rules.retention import MOST_YEARS

KINDS = [("", "Everything"), *((value, str(label).capitalize()) for value, label in RecordKinds.choices)]
REASON = forms.Textarea(attrs={"rows": 2})


class PeriodForm(forms.Form):
    """For how many years a kind is kept."""

    use_required_attribute = False

    years = forms.IntegerField(
        label="Years",
        min_value=1,
        max_value=MOST_YEARS,
        help_text="Whole fiscal years after the one that a record belongs to.",
        error_messages={
            "required": "Say for how many years.",
            "invalid": "Enter a whole number.",
            "min_value": "A period is at least a year.",
            "max_value": f"A period is {MOST_YEARS} years at most.",
        },
    )
    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=REASON,
        help_text="The law, the contract or the decision that it rests on.",
        error_messages={"required": "Say why.", "max_length": "Say it in 300 characters."},
    )


class HoldForm(forms.Form):
    """What is withheld from removal, and why."""

    use_required_attribute = False

    kind = forms.ChoiceField(label="Withheld", required=False, choices=KINDS)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=REASON,
        help_text="The audit, the dispute or the order that needs them.",
        error_messages={"required": "Say why.", "max_length": "Say it in 300 characters."},
    )


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    use_required_attribute = False

    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=REASON,
        help_text="What has ended.",
        error_messages={"required": "Say why.", "max_length": "Say it in 300 characters."},
    )
