"""The forms of budgets."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.files.uploadedfile import UploadedFile

from budgets.models import Budget, BudgetVersion, CostCentre, FundsAccount, VersionSignOff, Window
from budgets.rules.beginning import BudgetHead
from budgets.rules.moments import moment_of
from budgets.rules.months import add_months, months_between
from budgets.rules.tables import rows_of_text
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.uploads import read_bounded
from core.workbooks import LARGEST as LARGEST_WORKBOOK
from core.workbooks import is_workbook, read_workbook

MOST_MONTHS = 60
DIGITS = {"inputmode": "numeric", "class": "num"}
LARGEST_DOCUMENT = 512 * 1024


class MonthField(forms.DateField):
    """A month, written YYYY-MM; its value is the first day."""

    widget = forms.DateInput(attrs={"type": "month", "placeholder": "2026-11"}, format="%Y-%m")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m", "%Y-%m-01"], **kwargs)
        self.error_messages["invalid"] = "Write the month as year and month, such as 2026-11."


class MomentField(forms.CharField):
    """A day or a moment of the past, in `zone` where it names none; of a day its end."""

    def __init__(self, *, zone: tzinfo | None = None, **kwargs: Any) -> None:
        self.zone = zone
        super().__init__(max_length=40, widget=forms.TextInput(attrs={"placeholder": "2026-11-05"}), **kwargs)

    def clean(self, value: Any) -> datetime | None:
        """Return the moment. Refuses what is no day, and what is not over."""
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = moment_of(text, self.zone or clock.now().tzinfo or ZoneInfo("UTC"))
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError("Write the day as year, month and day, such as 2026-11-05.") from error
        if moment >= clock.now():
            raise forms.ValidationError("That is not over yet. Choose an earlier day, or leave it empty for the figures of now.")
        return moment


class AsOfForm(forms.Form):
    """At which moment of the past, and up to which month, figures are asked for."""

    as_of = MomentField(label="As it stood on", required=False, help_text="The end of that day.")
    through = MonthField(label="Months up to", required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["as_of"].zone = ZoneInfo(entity.time_zone)  # type: ignore[attr-defined]


class ChangesForm(forms.Form):
    """Between which two moments of the past, and up to which month, changes are asked for."""

    since = MomentField(label="Recorded after", help_text="The end of that day.")
    until = MomentField(label="Up to", required=False, help_text="The end of that day. Empty: now.")
    through = MonthField(label="Months up to", required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].zone = ZoneInfo(entity.time_zone)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "The span ends before it begins. Swap the two days.")
        return data


class OpenForm(forms.Form):
    """A span of months to open."""

    first = MonthField(label="First month")
    last = MonthField(label="Last month")

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it starts, or that is longer than five years."""
        data = super().clean() or {}
        first: date | None = data.get("first")
        last: date | None = data.get("last")
        if first and last and last < first:
            self.add_error("last", "The last month lies before the first. Swap them.")
        elif first and last and last > add_months(first, MOST_MONTHS - 1):
            months = len(months_between(first, last))
            self.add_error("last", f"These are {months} months. Open {MOST_MONTHS} at most at a time.")
        return data


class CloseForm(forms.Form):
    """The month to close."""

    month = MonthField()


class ReopenForm(forms.Form):
    """The month to open again, and why."""

    month = MonthField()
    reason = forms.CharField(max_length=300, strip=True)


class BudgetFileForm(forms.Form):
    """A budget as a YAML file."""

    file = forms.FileField(
        label="Budget file",
        help_text="YAML, up to 512 kB. Nothing is loaded before you have seen what it would do.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large or empty before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_DOCUMENT:
            raise forms.ValidationError(
                f"The file has {file.size // 1024} kB; a budget file has 512 kB at most. Split the budget."
            )
        return file


class TemplateForm(forms.Form):
    """The name of a template, and what it is for."""

    use_required_attribute = False

    name = forms.CharField(label="Name", max_length=100, error_messages={"required": "Give it a name."})
    about = forms.CharField(label="What it is for", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class CopyForm(forms.Form):
    """A budget that begins as another one: its code and name, when it starts, and in which size."""

    use_required_attribute = False

    code = forms.CharField(label="Code of the budget", max_length=40)
    name = forms.CharField(label="Name of the budget", max_length=200)
    starts_on = MonthField(label="Starts in")
    share_pct = forms.DecimalField(
        label="Size, % of the original",
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        max_digits=7,
        decimal_places=2,
        initial=100,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        help_text="110 adds a tenth to every amount.",
        error_messages={"invalid": "Write the size in digits, such as 110."},
    )


class TableForm(forms.Form):
    """A budget's lines from a spreadsheet: as a file, or pasted."""

    use_required_attribute = False
    # What is wrong with a workbook, cell by cell.
    places: Mapping[str, str] = {}

    file = forms.FileField(
        label="Table as an Excel workbook or as CSV",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv"}),
        help_text="A workbook up to 2 MB, of which the first sheet is read; CSV up to 512 kB.",
    )
    pasted = forms.CharField(
        label="Or paste the cells",
        required=False,
        max_length=LARGEST_DOCUMENT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "mono"}),
        help_text="With the row of headings. Copy it from your spreadsheet just as it is.",
    )

    def clean(self) -> dict[str, Any]:
        """Return the table's rows as `rows`. Exactly one of the two is given."""
        data = super().clean() or {}
        file, pasted = data.get("file"), str(data.get("pasted") or "")
        if bool(file) == bool(pasted.strip()):
            self.add_error("file", "Choose a file or paste the cells, one of the two.")
            return data
        try:
            data["rows"] = rows_of_file(file) if file else rows_of_text(pasted)
        except InvalidInput as refusal:
            self.places = dict(refusal.details)
            self.add_error("file", str(refusal))
        return data


class BeginForm(TableForm):
    """A new budget: what it is, and its lines as a table."""

    code = forms.CharField(label="Code", max_length=40, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    name = forms.CharField(label="Name", max_length=200)
    kind = forms.ChoiceField(choices=Budget.Kind)
    cost_centre = forms.ModelChoiceField(queryset=CostCentre.objects.none(), label="Cost centre", empty_label="Choose")
    currency = forms.CharField(max_length=3, widget=forms.TextInput(attrs={"autocapitalize": "characters"}))
    starts_on = MonthField(label="First month")
    months = forms.IntegerField(label="Months", min_value=1, max_value=120, initial=12, widget=forms.TextInput(attrs=DIGITS))
    window = forms.ChoiceField(label="Limits add up over", choices=Window, initial=Window.YEAR)
    sign_off = forms.BooleanField(label="It is signed by its owner and finance before it is in force", required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cost_centre"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")
        self.fields["currency"].initial = entity.currency

    def clean_currency(self) -> str:
        """Return the currency's three letters, in capitals."""
        return str(self.cleaned_data["currency"]).upper()

    def head(self) -> BudgetHead:
        """Return what the budget is."""
        said = {name: self.cleaned_data[name] for name in ("code", "name", "kind", "currency", "starts_on", "months", "window")}
        return BudgetHead(**said, cost_centre=self.cleaned_data["cost_centre"].code, sign_off=self.cleaned_data["sign_off"])


def rows_of_file(file: UploadedFile[bytes]) -> list[list[str]]:
    """Return the rows of a table that was sent: a workbook's first sheet, or CSV in UTF-8. Raises InvalidInput."""
    content = read_bounded(file, most=LARGEST_WORKBOOK)
    if is_workbook(content):
        return read_workbook(content)
    if len(content) > LARGEST_DOCUMENT:
        raise InvalidInput(f"The file has {len(content) // 1024} kB; as CSV keep it to 512 kB.")
    try:
        return rows_of_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput("The file is not text in UTF-8.", remedy="Save it as CSV in UTF-8 or as .xlsx.") from error


class ConfirmForm(forms.Form):
    """What was shown, signed, so that what is loaded is what was shown."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=4 * LARGEST_DOCUMENT)


class SignOffForm(forms.Form):
    """For which side a version is signed, and what was seen of it."""

    side = forms.ChoiceField(choices=VersionSignOff.Side.choices)
    digest = forms.CharField(min_length=64, max_length=64)


class RateForm(forms.Form):
    """What one unit of another currency is in the organization's, from which day, and who says so."""

    currency = forms.CharField(
        label="Currency", max_length=3, widget=forms.TextInput(attrs={"autocapitalize": "characters", "placeholder": "EUR"})
    )
    rate = forms.DecimalField(
        label="Rate",
        max_digits=19,
        decimal_places=10,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "placeholder": "1.0842"}),
        error_messages={"invalid": "Write the rate in digits with a point, such as 1.0842."},
    )
    valid_on = forms.DateField(
        label="Holds from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a date such as 2026-11-20."},
    )
    source = forms.CharField(label="Who says so", max_length=100, help_text="A bank, a central bank, a contract.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rate"].help_text = f"How many {entity.currency} one unit is."

    def clean_currency(self) -> str:
        """Return the currency's three letters, in capitals."""
        return str(self.cleaned_data["currency"]).upper()


class CompareForm(forms.Form):
    """Which two versions of a budget are put beside each other."""

    before = forms.TypedChoiceField(label="Compare version", coerce=int)
    after = forms.TypedChoiceField(label="with version", coerce=int)

    def __init__(self, *args: Any, versions: Sequence[BudgetVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {version.number: version for version in versions}
        words = [(row.number, f"{row.number}, {row.get_state_display()}") for row in versions]
        for name in ("before", "after"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = words
            field.error_messages = {"required": "Choose a version.", "invalid_choice": "Choose one of this budget's versions."}

    def chosen(self) -> tuple[BudgetVersion, BudgetVersion] | None:
        """Return the two versions, where both can be read."""
        if not self.is_bound or not self.is_valid():
            return None
        return self.versions[self.cleaned_data["before"]], self.versions[self.cleaned_data["after"]]


class OwnerForm(forms.Form):
    """Who owns a budget, among those who may."""

    use_required_attribute = False

    owner = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Owner",
        required=False,
        empty_label="Nobody by name",
        help_text="With nobody by name, whoever decides over its cost centre stands for the owner.",
        error_messages={"invalid_choice": "Choose one of those who may own it."},
    )

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people]).order_by("name", "pk")


class RecodeForm(forms.Form):
    """The budget line on which something should have been spent, and why."""

    use_required_attribute = False

    line = forms.TypedChoiceField(label="Belongs on", error_messages={"required": "Choose a budget line."})
    month = MonthField(
        label="In which month, if its own is closed", required=False, help_text="Blank: in the month in which it was spent."
    )
    reason = forms.CharField(
        label="Why, in a sentence",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why in a sentence; it stays with the entries."},
    )

    def __init__(self, *args: Any, lines: Sequence[FundsAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = {str(line.pk): line for line in lines}
        groups: dict[str, list[tuple[str, str]]] = {}
        for line in lines:
            groups.setdefault(f"{line.budget.name} · {line.cost_centre}", []).append((str(line.pk), line.name))
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose"), *groups.items()]
        field.error_messages["invalid_choice"] = "Choose one of the budget lines that you keep."

    def clean_line(self) -> FundsAccount:
        """Return the chosen budget line."""
        return self.lines[self.cleaned_data["line"]]
