"""What an administrator types about policies. Forms read and judge text; they write nothing."""

from typing import Any

from django import forms

from approvals.forms import MAX_TEXT, text_field
from budgets.rules.safe_yaml import LARGEST
from core.models import Entity


class PolicyForm(forms.Form):
    """A policy as a document: a file, or text that is edited here."""

    entity = forms.ModelChoiceField(queryset=Entity.objects.none(), label="Organization", empty_label=None)
    file = forms.FileField(
        label="Policy file",
        required=False,
        help_text="YAML, up to 512 kB.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )
    text = forms.CharField(
        label="Or the document itself",
        required=False,
        strip=False,
        max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, entities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].queryset = entities  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Take the file where there is one, else the text. Refuses neither, and a file that is too large to read."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size > LARGEST:
            self.add_error("file", f"The file has {file.size // 1024} kB; a policy has 512 kB at most.")
        elif file is None and not (data.get("text") or "").strip():
            self.add_error("text", "Choose a file, or write the document here.")
        return data

    def content(self) -> bytes:
        """Return the document's bytes."""
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file is not None else self.cleaned_data["text"].encode()


class DayForm(forms.Form):
    """From which day on a version holds."""

    use_required_attribute = False

    effective_from = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="From the start of that day, where the organization is. Blank, or today: at once.",
        error_messages={"invalid": "Enter a date such as 2026-11-20."},
    )


class ChangeForm(DayForm):
    """Why a draft is put to approval, and from which day on it is to hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["reason", "effective_from"])
        said = "From the start of that day, or from the last yes where that is later. Blank: from the last yes."
        self.fields["effective_from"].help_text = said

    reason = text_field(
        "Why it changes",
        MAX_TEXT,
        required="Say why it changes; whoever decides reads it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class HistoryForm(forms.Form):
    """An event log of another system."""

    entity = forms.ModelChoiceField(queryset=Entity.objects.none(), label="Organization", empty_label=None)
    file = forms.FileField(label="Event log", help_text="XES, packed or not, or CSV with columns case, activity and timestamp.")
    calendar = forms.CharField(
        label="Working days of",
        max_length=60,
        help_text="A country, such as NL or DE-BY, or the code of a work calendar.",
    )
    kind = forms.SlugField(label="Kind in a replay", max_length=60, required=False, help_text="A kind that your policy names.")

    def __init__(self, *args: Any, entities: Any, largest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.largest = largest
        self.fields["entity"].queryset = entities  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > self.largest:
            raise forms.ValidationError(f"The file has {file.size // 1_000_000} MB. Split the log by year.")
        return file
