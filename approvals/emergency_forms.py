"""What people type about emergencies. Forms read and judge text; they write nothing."""

from collections.abc import Sequence
from typing import Any

from django import forms

from approvals.forms import text_field, typed_amount
from approvals.models import EmergencyLimit, EmergencyTerms
from approvals.services.emergencies import EmergencyData, LimitData
from core.models import Entity, Role, User

AREA = forms.Textarea(attrs={"rows": 3})


class EmergencyForm(forms.Form):
    """What makes it an emergency, who said yes, when, and in what words."""

    use_required_attribute = False

    criterion = forms.ChoiceField(label="What makes it an emergency", error_messages={"required": "Choose what makes it one."})
    approver = forms.TypedChoiceField(
        label="Who said yes",
        coerce=int,
        help_text="They are asked to confirm it in writing.",
        error_messages={"required": "Choose who said yes.", "invalid_choice": "Choose one of the people listed."},
    )
    spoken_at = forms.DateTimeField(
        label="When they said it",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"required": "State when they said yes.", "invalid": "Enter a moment such as 2026-11-20 14:30."},
    )
    words = text_field(
        "What was said, and how",
        2000,
        required="Write what was said, and how: a call, a message, in person.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, criteria: Sequence[str], people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        criterion, approver = self.fields["criterion"], self.fields["approver"]
        criterion.choices = [("", "Choose"), *((text, text) for text in criteria)]  # type: ignore[attr-defined]
        approver.choices = [("", "Choose"), *((pk, each.name) for pk, each in self.people.items())]  # type: ignore[attr-defined]

    def wanted(self) -> EmergencyData:
        """Return what the service takes. For a form that is valid."""
        data = self.cleaned_data
        return EmergencyData(data["criterion"], self.people.get(data["approver"]), data["spoken_at"], data["words"])


class DebtForm(forms.Form):
    """An answer to what is owed: an outcome where one is asked for, and words."""

    use_required_attribute = False

    outcome = forms.CharField(max_length=10, required=False)
    text = text_field("Your words", 20_000, widget=forms.Textarea(attrs={"rows": 4}))


class TermsForm(forms.Form):
    """Criteria, one to a line, the limit of each role, and how soon each debt is paid."""

    use_required_attribute = False

    entity = forms.ModelChoiceField(queryset=Entity.objects.none(), label="Organization", empty_label=None)
    criteria = text_field(
        "What counts as an emergency, one to a line",
        4000,
        required="State at least one criterion.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    written_within = text_field("Written approval within", 40, required="State a span such as 24 hours.")
    review_within = text_field("Review within", 40, required="State a span such as 168 hours, which is a week.")
    impact_within = text_field("Impact and ongoing approval within", 40, required="State a span such as 336 hours.")

    def __init__(
        self, *args: Any, entities: Sequence[Entity], roles: Sequence[Role], terms: EmergencyTerms | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.roles = list(roles)
        named = Entity.objects.filter(pk__in=[entity.pk for entity in entities])
        self.fields["entity"].queryset = named  # type: ignore[attr-defined]
        known = {limit.role_id: limit for limit in terms.limits.all()} if terms else {}
        stated = terms or EmergencyTerms()
        for name in ("written_within", "review_within", "impact_within"):
            self.fields[name].initial = getattr(stated, name)
        self.fields["criteria"].initial = "\n".join(terms.criteria) if terms else ""
        for role in self.roles:
            limit = known.get(role.pk)
            self.fields[f"limit-{role.pk}"] = forms.CharField(
                label=role.name, max_length=40, required=False, initial=f"{limit.amount:,.2f}" if limit else ""
            )
            self.fields[f"per-{role.pk}"] = forms.ChoiceField(
                label=f"{role.name}: counts",
                choices=EmergencyLimit.Per.choices,
                required=False,
                initial=limit.per if limit else EmergencyLimit.Per.EACH,
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The limit of each role, and what it counts for."""
        return [(self[f"limit-{role.pk}"], self[f"per-{role.pk}"]) for role in self.roles]

    @property
    def plain(self) -> list[forms.BoundField]:
        """All other fields but the organization's."""
        return [self[name] for name in ("criteria", "written_within", "review_within", "impact_within")]

    def clean(self) -> dict[str, Any]:
        """Read the amounts in the currency of the organization."""
        data = super().clean() or {}
        entity, limits = data.get("entity"), []
        for role in self.roles:
            text = str(data.get(f"limit-{role.pk}") or "").strip()
            if entity is None or not text:
                continue
            try:
                amount = typed_amount(text, currency=entity.currency)
            except forms.ValidationError as error:
                self.add_error(f"limit-{role.pk}", error)
                continue
            if amount is not None:
                limits.append(LimitData(role, amount, data.get(f"per-{role.pk}") or "each"))
        data["limits"] = limits
        return data
