"""Forms of imports: the file, and what a person says about a row. They read what was typed; services decide."""

from typing import Any

from django import forms
from django.conf import settings

from core.models import User
from reconciliation.forms import RefusableForm
from reconciliation.models import RawRow, Source
from reconciliation.rules.expecting import LONGEST_GRACE, SYSTEMS_OF
from reconciliation.selectors.imports import accounts_of, categories_of, cost_centres_of, keepers_of, sources_for
from reconciliation.services.sources import ExpectedData

ASKED = {
    "unknown_category": ("category",),
    "blank_category": ("category",),
    "unknown_cost_centre": ("cost_centre",),
    "blank_cost_centre": ("cost_centre",),
    "unbudgeted": ("account", "category", "cost_centre"),
    "unknown_account": ("account",),
    "other_currency": (),
    "closed_month": ("date",),
    "bad_date": ("date",),
    "no_date": ("date",),
    "bad_amount": ("amount",),
    "no_amount": ("amount",),
    "zero_amount": ("amount",),
    "amount_too_fine": ("amount",),
    "amount_too_large": ("amount",),
    "invalid_invoice": ("vendor", "number", "amount", "date"),
    "changed": (),
    "broken_quotes": (),
    "too_long": (),
    "too_many_cells": (),
    "unknown_record": (),
}
SHARED = frozenset({"category", "cost_centre", "account"})


class SourceField(forms.ModelChoiceField[Source]):
    """A choice of sources, each with its entity and its format."""

    def label_from_instance(self, obj: Source) -> str:
        """Return what a person sees of a source."""
        return f"{obj.name} ({obj.entity.name}, {obj.get_format_display()})"


class ExpectForm(RefusableForm):
    """What is expected of a source."""

    system = forms.ChoiceField(label="Comes out of")
    cadence = forms.ChoiceField(label="A file is expected", choices=Source.Cadence.choices)
    grace_days = forms.IntegerField(
        label="Days of grace",
        min_value=0,
        max_value=LONGEST_GRACE,
        help_text="After the day it is due. Later than that it is marked as late.",
    )
    keeper = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Whom to ask for it", required=False, empty_label="Nobody named"
    )

    def __init__(self, data: Any = None, *, source: Source) -> None:
        initial = {name: getattr(source, name) for name in ("system", "cadence", "grace_days", "keeper")}
        super().__init__(data, initial=initial)
        self.fields["system"].choices = [(each, Source.System(each).label) for each in SYSTEMS_OF[source.format]]  # type: ignore[attr-defined]
        self.fields["keeper"].queryset = keepers_of(source.entity)  # type: ignore[attr-defined]

    def expected(self) -> ExpectedData:
        """Return what the form says."""
        return ExpectedData(**self.cleaned_data)


class UploadForm(RefusableForm):
    """A file and the source that it comes from."""

    source = SourceField(queryset=Source.objects.none(), label="Where it comes from", empty_label="Choose")
    file = forms.FileField(
        label="File", help_text="CSV, or camt.053 as XML. You see what it would do before anything is imported."
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: forms.ModelChoiceField[Source] = self.fields["source"]  # type: ignore[assignment]
        chosen.queryset = sources_for(user)

    def clean_file(self) -> Any:
        """Refuse a file over the limit before its bytes are read."""
        file = self.cleaned_data["file"]
        if file.size > settings.MAX_IMPORT_BYTES:
            limit = settings.MAX_IMPORT_BYTES // 1_000_000
            raise forms.ValidationError(f"The file is larger than {limit} MB. Split it by month and import the parts.")
        return file


class FixForm(RefusableForm):
    """What a quarantined row means: only the fields that its reason asks for."""

    category = forms.ChoiceField(label="Category", required=False)
    cost_centre = forms.ChoiceField(label="Cost centre", required=False)
    account = forms.ChoiceField(
        label="Budget line", required=False, help_text="Choose it where the category and cost centre do not lead to one."
    )
    vendor = forms.CharField(label="Vendor", max_length=300, required=False)
    number = forms.CharField(label="Document number", max_length=80, required=False)
    amount = forms.CharField(
        label="Amount", max_length=60, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})
    )
    date = forms.CharField(label="Date", max_length=10, required=False, widget=forms.DateInput(attrs={"type": "date"}))
    alike = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, row: RawRow, alike: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = ASKED.get(row.reason_code, ("category", "cost_centre", "account", "amount", "date"))
        shared = alike > 1 and bool(asked) and SHARED.issuperset(asked)
        for name in [name for name in self.fields if name not in asked and not (name == "alike" and shared)]:
            del self.fields[name]
        if len(asked) == 1:
            self.fields[asked[0]].required = True
        entity = row.import_file.source.entity
        self._offer("category", [(each.code, each.name) for each in categories_of(entity)])
        self._offer("cost_centre", [(each.code, f"{each.code} {each.name}") for each in cost_centres_of(entity)])
        self._offer("account", [(str(each.pk), f"{each.budget.code}: {each.name}") for each in accounts_of(entity, row.currency)])
        if shared:
            self.fields["alike"].label = f"For all {alike:,} rows that wait for this reason"

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        if name in self.fields:
            self.fields[name].choices = [("", "Choose"), *choices]  # type: ignore[attr-defined]

    @property
    def asks(self) -> bool:
        """Whether there is anything to say about this row but to leave it out."""
        return any(name != "alike" for name in self.fields)

    def changes(self) -> dict[str, str]:
        """Return what was said, by field."""
        return {name: text for name, text in self.cleaned_data.items() if name != "alike" and text}


class IgnoreForm(RefusableForm):
    """Why rows are left out."""

    reason = forms.CharField(label="Why it is left out", max_length=300)
    alike = forms.BooleanField(required=False)

    def __init__(self, *args: Any, alike: int, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "ignore"} | kwargs)
        if alike > 1:
            self.fields["alike"].label = f"All {alike:,} rows that wait for this reason"
        else:
            del self.fields["alike"]
