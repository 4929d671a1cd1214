"""What people type about who decides for them. Forms read and judge text; they write nothing."""

from decimal import Decimal
from typing import Any

from django import forms

from approvals.forms import text_field, typed_amount
from approvals.selectors.delegations import Statable
from approvals.services.delegations import DelegationData
from budgets.models import CostCentre
from core.models import Entity, User

NOBODY = "Nobody: I am out of office"


class DelegationForm(forms.Form):
    """From when until when, who decides for whom, and how far."""

    entity = forms.ModelChoiceField(queryset=Entity.objects.none(), label="Organization", empty_label=None)
    person = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who is away",
        required=False,
        empty_label="Myself",
        help_text="Administrators state it for others too, such as for somebody who is ill.",
    )
    first_day = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose the first day.", "invalid": "Enter a date such as 2026-11-20."},
    )
    last_day = forms.DateField(
        label="Until, that day included",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose the last day.", "invalid": "Enter a date such as 2026-11-20."},
    )
    delegate = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who decides",
        required=False,
        empty_label=NOBODY,
        error_messages={"invalid_choice": "Choose one of the people listed: they hold a role that decides."},
    )
    kinds = forms.MultipleChoiceField(
        label="Only for kinds of requests",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: for all.",
        error_messages={"invalid_choice": "Choose from the kinds listed."},
    )
    limit = forms.CharField(
        label="Only up to an amount",
        max_length=40,
        required=False,
        help_text="In the organization's currency. Nobody decides more than the one who is away could.",
        error_messages={"max_length": "Enter at most 15 digits."},
    )
    cost_centre = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(), label="Only at a cost centre and below", required=False, empty_label="Everywhere"
    )
    reason = text_field("Why", 500, help_text="Needed where you state it for somebody else. It is kept on the record.")

    def __init__(self, *args: Any, me: User, statable: Statable, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.me = me
        found: dict[str, Any] = {"entity": statable.entities, "delegate": statable.delegates, "person": statable.others}
        found["cost_centre"] = statable.cost_centres
        for name, rows in found.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["kinds"].choices = statable.kinds  # type: ignore[attr-defined]
        self.fields["entity"].initial = statable.entities.first()
        if not statable.administers:
            del self.fields["person"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        """Read the amount in the currency of the organization that was chosen."""
        data = super().clean() or {}
        entity, text = data.get("entity"), str(data.get("limit") or "").strip()
        limit: Decimal | None = None
        if entity is not None and text:
            try:
                limit = typed_amount(text, currency=entity.currency)
            except forms.ValidationError as error:
                self.add_error("limit", error)
        data["limit"] = limit
        return data

    def wanted(self) -> DelegationData:
        """Return what the service takes. For a form that is valid."""
        data = self.cleaned_data
        return DelegationData(
            entity=data["entity"],
            person=data.get("person") or self.me,
            delegate=data["delegate"],
            first_day=data["first_day"],
            last_day=data["last_day"],
            kinds=data["kinds"],
            limit=data["limit"],
            cost_centre=data["cost_centre"],
            reason=data.get("reason", ""),
        )
