"""The forms of tags: keys, rules, the target, and tags on spend."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from budgets.forms import MonthField
from budgets.models import Category, CostCentre, TagKey, TagRule
from budgets.services.tag_terms import KeyData, RuleData
from core.models import Entity

FROM_MONTH = {"required": "Choose the first month that it holds for."}


class LackingForm(forms.Form):
    """Which spend is looked at."""

    month = MonthField(label="Month", required=False)
    key = forms.ChoiceField(label="Lacks", required=False)
    cost_centre = forms.ChoiceField(label="Cost centre", required=False)
    q = forms.CharField(label="Vendor, service or resource", required=False, max_length=100)

    def __init__(self, *args: Any, keys: Sequence[TagKey], entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "key", [("", "Any mandatory tag"), *((key.code, key.name) for key in keys if key.is_mandatory)])
        centres = CostCentre.objects.filter(entity=entity).order_by("path").values_list("code", "name")
        _choose(self, "cost_centre", [("", "All"), *((code, f"{name} ({code})") for code, name in centres)])


class SetForm(forms.Form):
    """A tag for spend that was chosen, and why."""

    use_required_attribute = False

    month = MonthField(widget=forms.HiddenInput)
    key = forms.ChoiceField(label="Tag", error_messages={"required": "Choose the tag."})
    value = forms.CharField(
        label="Value", required=False, max_length=200, strip=True, help_text="Blank takes the tag away.", widget=forms.TextInput
    )
    reason = forms.CharField(
        label="Why", max_length=300, strip=True, error_messages={"required": "Say why, in a sentence; it is kept with the tag."}
    )

    def __init__(self, *args: Any, keys: Sequence[TagKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "key", [("", "Choose"), *((key.code, key.name) for key in keys)])


class KeyForm(forms.Form):
    """What holds of a key from a month on."""

    use_required_attribute = False

    name = forms.CharField(
        label="Name", max_length=40, error_messages={"required": "Name the key."}, help_text="Letters, digits, - and _."
    )
    starts_on = MonthField(label="From", error_messages=FROM_MONTH)
    allows = forms.ChoiceField(label="It is", choices=TagKey.Allows.choices)
    values = forms.CharField(
        label="Values or domains",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: the values of a list, or the domains of e-mail addresses.",
    )
    pattern = forms.CharField(
        label="Form of the text",
        required=False,
        max_length=60,
        help_text="# is a digit, @ a letter, ? either, * anything: PRJ-####.",
    )
    is_mandatory = forms.BooleanField(label="All spend must bear it", required=False)
    is_archived = forms.BooleanField(label="Not used any more, from that month on", required=False)
    note = forms.CharField(label="Why", required=False, max_length=300)

    def data_of(self) -> KeyData:
        """Return what was typed, as the service takes it."""
        data = self.cleaned_data
        lines = tuple(line.strip() for line in data["values"].splitlines() if line.strip())
        said = {name: data[name] for name in ("name", "starts_on", "allows", "is_mandatory", "pattern", "is_archived", "note")}
        return KeyData(values=lines, **said)


class RuleForm(forms.Form):
    """What a rule looks for and sets from a month on."""

    use_required_attribute = False

    code = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Give the rule a name."})
    starts_on = MonthField(label="From", error_messages=FROM_MONTH)
    position = forms.IntegerField(
        label="Place in the order", min_value=1, max_value=9999, initial=100, help_text="The first that sets a tag has it."
    )
    service = forms.CharField(label="Service or description", required=False, max_length=100, help_text="* is anything: EC2*")
    vendor = forms.CharField(label="Vendor", required=False, max_length=100)
    resource = forms.CharField(label="Resource's name", required=False, max_length=100, help_text="* is anything: api-*")
    source = forms.CharField(label="Source", required=False, max_length=60, help_text="Its code, such as aws-bill.")
    category = forms.ModelChoiceField(queryset=Category.objects.none(), label="Category", required=False, empty_label="Any")
    cost_centre = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(), label="Cost centre", required=False, empty_label="Any"
    )
    sets = forms.CharField(
        label="Sets",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say which tag it sets, such as Environment=production."},
        help_text="One a line: Team=api-team. {cost_centre}, {budget}, {resource}, {service} and {vendor} are the spend's own.",
    )
    is_off = forms.BooleanField(label="Sets nothing any more, from that month on", required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("category", Category.objects.filter(entity=entity, is_active=True).order_by("path")),
            ("cost_centre", CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
            field.error_messages["invalid_choice"] = f"Choose one of {entity.name}."

    def clean_sets(self) -> dict[str, str]:
        """Return the tags by key."""
        found: dict[str, str] = {}
        for line in filter(None, (each.strip() for each in self.cleaned_data["sets"].splitlines())):
            key, equals, value = (word.strip() for word in line.partition("="))
            if not (equals and key and value):
                raise forms.ValidationError(f"Write each tag as Name=value; “{line[:60]}” is not written so.")
            if key.lower() in found:
                raise forms.ValidationError(f"{key} stands there twice. Keep one of them.")
            found[key.lower()] = value
        return found

    def data_of(self) -> RuleData:
        """Return what was typed, as the service takes it."""
        return RuleData(**self.cleaned_data)


class TargetForm(forms.Form):
    """How much of the spend shall bear its tags."""

    use_required_attribute = False

    percent = forms.DecimalField(
        label="Per cent of the amount",
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        error_messages={"required": "State the target.", "invalid": "Write a number such as 95."},
    )
    starts_on = MonthField(label="From", error_messages=FROM_MONTH)


class ApplyForm(forms.Form):
    """The month whose spend rules look at."""

    month = MonthField()


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
    field.error_messages["invalid_choice"] = "Choose one from the list."


def filled_from_key(key: TagKey, month: date) -> dict[str, Any]:
    """Return a statement as the form shows it, to begin the next one with."""
    return {
        "name": key.name,
        "starts_on": f"{max(key.starts_on, month):%Y-%m}",
        "allows": key.allows,
        "values": "\n".join(key.values),
        "pattern": key.pattern,
        "is_mandatory": key.is_mandatory,
        "is_archived": key.is_archived,
    }


def filled_from_rule(rule: TagRule, month: date) -> dict[str, Any]:
    """Return a statement as the form shows it, to begin the next one with."""
    said = {
        name: getattr(rule, name) for name in ("code", "name", "position", "service", "vendor", "resource", "source", "is_off")
    }
    sets = "\n".join(f"{key}={value}" for key, value in rule.sets.items())
    places = {"category": rule.category_id, "cost_centre": rule.cost_centre_id}
    return said | places | {"starts_on": f"{max(rule.starts_on, month):%Y-%m}", "sets": sets}
