"""The forms of opening balances."""

from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

from django import forms
from django.http import QueryDict

from budgets.forms import LARGEST_DOCUMENT, MonthField, rows_of_file
from budgets.models import Budget
from budgets.rules.opening import BUCKETS, LONGEST_SOURCE, ZERO, check_source
from budgets.rules.opening_table import text_of_rows
from core.errors import InvalidInput
from core.money import parse_amount

STATED = {"allotted": "Allotted", "committed": "Committed", "spent": "Spent", "paid": "Paid, of what was spent"}


class OpeningForm(forms.Form):
    """An old system's name, the month to open in, its own sums, and its rows as a file or as text."""

    use_required_attribute = False

    source_name = forms.CharField(
        label="Old system",
        max_length=LONGEST_SOURCE,
        help_text="What you call it. A budget is opened once from each.",
        error_messages={"required": "Name the system that kept the books before."},
    )
    month = MonthField(label="Open in", help_text="The month that all of it is posted into.")
    allotted = forms.CharField(required=False, max_length=60)
    committed = forms.CharField(required=False, max_length=60)
    spent = forms.CharField(required=False, max_length=60)
    paid = forms.CharField(required=False, max_length=60)
    file = forms.FileField(
        label="Or a table as an Excel workbook or as CSV",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv"}),
        help_text="The first sheet of a workbook up to 2 MB, or CSV up to 512 kB. It takes the place of the rows above.",
    )
    rows = forms.CharField(
        label="Rows",
        required=False,
        max_length=LARGEST_DOCUMENT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "mono"}),
        help_text="Type the amounts into these rows, or paste cells from your spreadsheet with their row of headings.",
    )
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        for name, label in STATED.items():
            field = self.fields[name]
            field.label = label
            field.widget.attrs = {"inputmode": "decimal", "class": "num", "placeholder": "0.00"}

    def clean_source_name(self) -> str:
        """Return a plain name."""
        name: str = self.cleaned_data["source_name"].strip()
        try:
            check_source(name)
        except InvalidInput as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return name

    def clean(self) -> dict[str, Any]:
        """Read the stated sums, and the rows as `text`: those of the file, where there is one."""
        data = super().clean() or {}
        data["totals"] = {name: self._sum(name, str(data.get(name) or "")) for name in BUCKETS}
        text = self._text(data)
        if text is not None and not text.strip():
            self.add_error("rows", "Type or paste the rows, or choose a file.")
        data["text"] = text or ""
        return data

    def _sum(self, name: str, text: str) -> Decimal:
        if not text.strip():
            return ZERO
        try:
            return parse_amount(text, currency=self.budget.currency, allow_zero=True, allow_negative=name != "committed")
        except InvalidInput as refusal:
            self.add_error(name, str(refusal))
            return ZERO

    def _text(self, data: dict[str, Any]) -> str | None:
        file = data.get("file")
        if not file:
            return "\n".join(str(data.get("rows") or "").splitlines())
        try:
            text = text_of_rows(rows_of_file(file))
        except InvalidInput as refusal:
            cells = "; ".join(f"{place}: {sentence}" for place, sentence in list(refusal.details.items())[:5] if place != "file")
            self.add_error("file", f"{refusal} {cells}".strip())
            return None
        # What was read from the file stands in the form from now on, so that it can be mended there.
        self.keep("rows", text)
        return "\n".join(text.splitlines())

    def keep(self, name: str, text: str) -> None:
        """Let a field hold a text where the form is shown again."""
        data = cast("QueryDict", self.data).copy()
        data[name] = text
        self.data = data

    def mark(self) -> str:
        """Return what tells this input from any other: what is posted is what was shown."""
        data = self.cleaned_data
        sums = [f"{data['totals'][name]:.2f}" for name in BUCKETS]
        said = "\n".join([str(self.budget.pk), data["source_name"], f"{data['month']:%Y-%m}", *sums, data["text"]])
        return sha256(said.encode()).hexdigest()


class UndoForm(forms.Form):
    """Why something that was posted is taken back."""

    use_required_attribute = False

    reason = forms.CharField(
        label="Why, in a sentence",
        max_length=300,
        error_messages={"required": "Say why in a sentence; it stays with the entries."},
    )
