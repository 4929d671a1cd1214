"""The forms of attributes: what is asked, and what a thing has."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from budgets.models import Attribute
from budgets.rules.attributes import Value, plain
from budgets.services.attributes import AttributeData


class AttributeForm(forms.Form):
    """What is asked of a kind of things."""

    use_required_attribute = False

    kind = forms.ChoiceField(label="Asked of", choices=Attribute.Kind.choices)
    name = forms.CharField(label="Name", max_length=100, error_messages={"required": "Give it a name."})
    code = forms.CharField(
        label="Code",
        max_length=40,
        error_messages={"required": "Give it a code."},
        help_text="Small letters, digits and hyphens, such as cost-driver. It stays.",
    )
    type = forms.ChoiceField(label="It is", choices=Attribute.Type.choices)
    choices = forms.CharField(
        label="Choices",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Of a list, one a line.",
    )
    is_required = forms.BooleanField(label="It must be stated", required=False)
    starts_on = forms.DateField(
        label="Asked from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Say from which day."},
    )
    retired_on = forms.DateField(
        label="Not asked any more from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="What has it keeps it.",
    )

    def __init__(self, *args: Any, known: Attribute | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known is not None:
            del self.fields["kind"]
            del self.fields["code"]

    def data_of(self) -> AttributeData:
        """Return what was typed, as the services take it."""
        lines = tuple(line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip())
        return AttributeData(**(self.cleaned_data | {"choices": lines}))


def filled_from_attribute(found: Attribute) -> dict[str, Any]:
    """Return a definition as the form shows it."""
    said = {name: getattr(found, name) for name in ("name", "type", "is_required", "starts_on", "retired_on")}
    return said | {"choices": "\n".join(found.choices)}


class ValuesForm(forms.Form):
    """What a thing has of each attribute that is asked of it. The services judge what is typed."""

    use_required_attribute = False

    def __init__(self, *args: Any, asked: Sequence[Attribute], has: Mapping[Attribute, Value], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.required = {each.code for each in asked if each.is_required}
        for each in asked:
            value = plain(has[each]) if each in has else ""
            self.fields[each.code] = _field(each, ("yes" if value else "no") if isinstance(value, bool) else value)

    def stated(self, *, whole: bool) -> dict[str, str | None]:
        """Return what was typed, as the services take it: what is blank is taken away.

        Unless it is to be `whole`, what must be stated and is not yet is left out.
        """
        later = set() if whole else self.required
        return {code: value or None for code, value in self.cleaned_data.items() if value or code not in later}


def _field(each: Attribute, value: str) -> forms.Field:
    about: dict[str, Any] = {"label": each.name, "required": False, "initial": value}
    if each.type in {Attribute.Type.CHOICE, Attribute.Type.YES_NO}:
        choices = each.choices if each.type == Attribute.Type.CHOICE else ["yes", "no"]
        wrong = {"invalid_choice": "Choose one from the list."}
        return forms.ChoiceField(choices=[("", "Not stated"), *((one, one) for one in choices)], error_messages=wrong, **about)
    widget = forms.TextInput()
    if each.type == Attribute.Type.DATE:
        widget = forms.TextInput(attrs={"type": "date"})
    elif each.type == Attribute.Type.NUMBER:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})
    hint = "An e-mail address." if each.type == Attribute.Type.PERSON else ""
    must = "It must be stated." if each.is_required else ""
    return forms.CharField(max_length=500, widget=widget, help_text=f"{hint} {must}".strip(), **about)
