"""What people type about estimate bands. Forms read and judge text; they write nothing."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from budgets.forms import MonthField
from budgets.models import Budget, Category, CostCentre
from budgets.rules.bands import Band, TargetTerms
from budgets.selectors.band_statements import BandData, PartData, TargetData, centres_to_estimate
from budgets.services.bands import MOST_PARTS, MOST_TARGETS
from core.errors import InvalidInput
from core.money import parse_amount

FIRST_ROWS, MORE_ROWS, FIRST_TARGETS = 4, 4, 1
PART, TARGET = ("category", "part", "low", "high"), ("percent", "of", "baseline", "baseline_month", "due_on")
ENDS = ("heading", "buffer", "share")
# Where a sentence of the service stands in the form.
NAMED = {"name": "part", "category": "category"}


def _figure(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})
    return forms.CharField(label=label, max_length=40, required=False, widget=widget, help_text=help_text)


class ShownMonthForm(forms.Form):
    """Of which month the bands are shown."""

    month = MonthField(label="Month", required=False)

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget

    def clean_month(self) -> date | None:
        """Refuse a month outside the budget."""
        month: date | None = self.cleaned_data["month"]
        first, last = self.budget.starts_on, self.budget.ends_on
        if month is not None and not first <= month <= last:
            raise forms.ValidationError(f"{self.budget.name} spans {first:%B %Y} to {last:%B %Y}. Choose a month of it.")
        return month


class BandForm(forms.Form):
    """A band: its parts and its targets in rows, as many as are wanted."""

    use_required_attribute = False

    cost_centre = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(),
        label="Cost centre",
        empty_label="Choose",
        error_messages={"required": "Choose the cost centre that it is of."},
    )
    starts_on = MonthField(label="From month", error_messages={"required": "Choose the first month that it holds for."})
    heading_low = _figure("Heading, from", "What the source says that the parts come to. Blank where it says nothing.")
    heading_high = _figure("Heading, to")
    buffer_low = _figure("Growth buffer from, %")
    buffer_high = _figure("Growth buffer to, %")
    share_of = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(), label="Thought a share of", required=False, empty_label="no other"
    )
    share_low = _figure("Share from, %")
    share_high = _figure("Share to, %")
    note = forms.CharField(label="What it rests on", required=False, max_length=300)
    is_withdrawn = forms.BooleanField(label="There is no band from that month on", required=False)
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)
    target_rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        self.count = self._count("rows", FIRST_ROWS, MOST_PARTS)
        self.targets = self._count("target_rows", FIRST_TARGETS, MOST_TARGETS)
        self.fields["rows"].initial, self.fields["target_rows"].initial = self.count, self.targets
        centres = centres_to_estimate(budget)
        self._choose("cost_centre", CostCentre.objects.filter(pk__in=[each.pk for each in centres]).order_by("path"))
        self._choose("share_of", CostCentre.objects.filter(entity=budget.entity, is_active=True).order_by("path"))
        categories = list(Category.objects.filter(entity=budget.entity, is_active=True).order_by("path"))
        self.categories = {str(each.pk): each for each in categories}
        choices = [(str(each.pk), each.name) for each in categories]
        for number in range(self.count):
            self._add_part(number, choices)
        for number in range(self.targets):
            self._add_target(number, choices)

    def _choose(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def _count(self, name: str, usual: int, most: int) -> int:
        try:
            asked = int(self.data.get(name) or self.initial.get(name) or usual)
        except ValueError:
            asked = usual
        return min(max(asked, 1), most)

    def _add_part(self, number: int, choices: list[tuple[str, str]]) -> None:
        self.fields[f"category-{number}"] = forms.ChoiceField(choices=[("", "none"), *choices], label="Category", required=False)
        self.fields[f"part-{number}"] = forms.CharField(label="Part in it", max_length=100, required=False)
        self.fields[f"low-{number}"] = _figure("From")
        self.fields[f"high-{number}"] = _figure("To")

    def _add_target(self, number: int, choices: list[tuple[str, str]]) -> None:
        self.fields[f"percent-{number}"] = _figure("Less by, %")
        self.fields[f"of-{number}"] = forms.ChoiceField(choices=[("", "all parts"), *choices], label="Of", required=False)
        self.fields[f"baseline-{number}"] = _figure("Than the cost")
        self.fields[f"baseline_month-{number}"] = MonthField(label="In the month", required=False)
        self.fields[f"due_on-{number}"] = forms.DateField(
            label="By",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": "Write the day as year, month and day, such as 2026-12-31."},
        )

    @property
    def lines(self) -> list[list[forms.BoundField]]:
        """The fields of each part."""
        return [[self[f"{name}-{number}"] for name in PART] for number in range(self.count)]

    @property
    def target_lines(self) -> list[list[forms.BoundField]]:
        """The fields of each target."""
        return [[self[f"{name}-{number}"] for name in TARGET] for number in range(self.targets)]

    def clean(self) -> dict[str, Any]:
        """Read the rows. A row in which nothing is typed is none."""
        data = super().clean() or {}
        data["parts"] = tuple(self._part(number, data) for number in self._typed(PART, self.count))
        data["targets"] = tuple(
            found for number in self._typed(TARGET, self.targets) if (found := self._target(number, data)) is not None
        )
        for name in ENDS:
            data[name] = self._ends(f"{name}_low", f"{name}_high", "money" if name == "heading" else "share")
        return data

    def _typed(self, names: tuple[str, ...], count: int) -> list[int]:
        return [number for number in range(count) if any(str(self.data.get(f"{name}-{number}") or "").strip() for name in names)]

    def _part(self, number: int, data: Mapping[str, Any]) -> PartData:
        category = self.categories.get(str(data.get(f"category-{number}") or ""))
        if category is None:
            self._say(f"category-{number}", "Choose the category that the part lies in.")
            category = Category()
        ends = self._ends(f"low-{number}", f"high-{number}", "money", must=True) or Band()
        return PartData(category, ends.low, ends.high, data.get(f"part-{number}") or "")

    def _target(self, number: int, data: Mapping[str, Any]) -> TargetData | None:
        percent = self._number(f"percent-{number}", "share", "State by how many per cent less it shall cost.")
        baseline = self._number(f"baseline-{number}", "money", "State what it cost in that month.")
        month, due_on = data.get(f"baseline_month-{number}"), data.get(f"due_on-{number}")
        if month is None:
            self._say(f"baseline_month-{number}", "Choose the month that it is held against.")
        if due_on is None:
            self._say(f"due_on-{number}", "Choose the day by which it shall cost less.")
        if percent is None or baseline is None or month is None or due_on is None:
            return None
        terms = TargetTerms(percent, baseline, month, due_on)
        return TargetData(terms, self.categories.get(str(data.get(f"of-{number}") or "")))

    def _ends(self, low: str, high: str, kind: str, *, must: bool = False) -> Band | None:
        """Return what two fields say together; one alone is both ends."""
        first, second = self._text(low), self._text(high)
        if not first and not second and not must:
            return None
        start = self._number(low, kind, "State an amount." if kind == "money" else "State a share in per cent.", or_else=second)
        end = self._number(high, kind, "State an amount." if kind == "money" else "State a share in per cent.", or_else=first)
        return Band(start, end) if start is not None and end is not None else None

    def _number(self, name: str, kind: str, missing: str, *, or_else: str = "") -> Decimal | None:
        text = (self._text(name) or or_else).removesuffix("%").strip()
        if not text:
            self._say(name, missing)
            return None
        try:
            return parse_amount(text, currency=self.budget.currency if kind == "money" else "USD", allow_zero=True)
        except InvalidInput as refusal:
            self._say(name, str(refusal) if kind == "money" else "Write a share in digits, such as 12.5.")
            return None

    def _text(self, name: str) -> str:
        return str(self.data.get(name) or "").strip()

    def _say(self, name: str, sentence: str) -> None:
        if name not in self.errors:
            self.add_error(name, sentence)

    def stated(self) -> BandData:
        """Return what was typed, once it is valid."""
        data = self.cleaned_data
        return BandData(
            starts_on=data["starts_on"],
            parts=data["parts"],
            heading=data["heading"],
            buffer=data["buffer"],
            share_of=data["share_of"],
            shares=data["share"],
            targets=data["targets"],
            is_withdrawn=data["is_withdrawn"],
            note=data["note"],
        )

    def refuse(self, details: Mapping[str, Any]) -> None:
        """Put each sentence beside its field. Rows are counted among those that were typed."""
        typed = {"parts": self._typed(PART, self.count), "targets": self._typed(TARGET, self.targets)}
        for place, sentence in details.items():
            self.add_error(self._field_of(place, typed), str(sentence))

    def _field_of(self, place: str, typed: Mapping[str, list[int]]) -> str | None:
        steps = place.split(".")
        if len(steps) == 3 and steps[0] in typed:
            stem = NAMED.get(steps[2], steps[2]) if steps[0] == "parts" else {"category": "of"}.get(steps[2], steps[2])
            name = f"{stem}-{typed[steps[0]][int(steps[1])]}"
        else:
            name = "_".join(steps)
        return name if name in self.fields else None


def filled_from(cost_centre: CostCentre, data: BandData, month: date) -> dict[str, Any]:
    """Return a statement as what a form begins with, to be stated anew from a month on."""
    filled: dict[str, Any] = {
        "cost_centre": cost_centre.pk,
        "starts_on": max(data.starts_on, month),
        "share_of": data.share_of.pk if data.share_of else None,
        "note": data.note,
        "rows": min(max(len(data.parts) + 1, FIRST_ROWS), MOST_PARTS),
        "target_rows": min(len(data.targets) + 1, MOST_TARGETS),
    }
    for name, ends in (("heading", data.heading), ("buffer", data.buffer), ("share", data.shares)):
        if ends is not None:
            filled |= {f"{name}_low": ends.low, f"{name}_high": ends.high}
    for number, part in enumerate(data.parts):
        said = (part.category.pk, "" if part.name == part.category.name else part.name, part.low, part.high)
        filled |= {f"{name}-{number}": value for name, value in zip(PART, said, strict=True)}
    for number, target in enumerate(data.targets):
        terms, of = target.terms, target.category.pk if target.category else ""
        stated = (terms.percent, of, terms.baseline, terms.baseline_month, terms.due_on)
        filled |= {f"{name}-{number}": value for name, value in zip(TARGET, stated, strict=True)}
    return filled
