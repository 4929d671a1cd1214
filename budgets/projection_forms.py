"""What people type about projections. Forms read and judge text; they write nothing."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from django import forms

from budgets.forms import MonthField
from budgets.models import Category, Projection
from budgets.rules.projections import ROUNDINGS, Rounding
from budgets.services.projections import MOST_PARTS, PartData, ProjectionData
from core.errors import InvalidInput
from core.models import Entity
from core.money import parse_amount

FIRST_ROWS, MORE_ROWS = 4, 4
ROW = ("part", "category", "base", "growth", "reduction")
SHARE = {"max_digits": 6, "decimal_places": 2, "required": False}
SAID = {"invalid": "Write a share in digits, such as 12.5."}


def _share(label: str, largest: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=Decimal(0),
        max_value=Decimal(largest),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        error_messages={**SAID, "max_value": f"State {largest:,} %% at most.", "min_value": "State a share of zero or more."},
        **SHARE,  # type: ignore[arg-type]
    )


class ProjectionForm(forms.Form):
    """A projection: its parts in rows, as many as are wanted."""

    use_required_attribute = False

    name = forms.CharField(
        label="What it is of",
        max_length=100,
        help_text="Stated again under the same name and horizon, it takes the place of the one before.",
    )
    base_month = MonthField(label="Starts from")
    horizon_months = forms.IntegerField(
        label="Months ahead", min_value=1, max_value=120, widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "num"})
    )
    buffer_pct = _share("Buffer on the sum, %", 1000)
    reasons = forms.CharField(
        label="What the shares rest on", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    grown = forms.ChoiceField(label="Grown", choices=[(rule, rule) for rule in ROUNDINGS])
    lowered = forms.ChoiceField(label="Then lowered", choices=[(rule, rule) for rule in ROUNDINGS])
    only_grown = forms.ChoiceField(label="Grown, and not lowered", choices=[(rule, rule) for rule in ROUNDINGS])
    recommended = forms.ChoiceField(label="Recommended budget", choices=[(rule, rule) for rule in ROUNDINGS])
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity = entity
        self.count = self._count()
        self.fields["rows"].initial = self.count
        for field in fields(Rounding):
            self.fields[field.name].initial = field.default
        categories = Category.objects.filter(entity=entity, is_active=True).order_by("path")
        for number in range(self.count):
            self._add_row(number, categories)

    def _count(self) -> int:
        try:
            asked = int(self.data.get("rows") or self.initial.get("rows") or FIRST_ROWS)
        except ValueError:
            asked = FIRST_ROWS
        return min(max(asked, 1), MOST_PARTS)

    def _add_row(self, number: int, categories: Any) -> None:
        which = f" of row {number + 1}"
        self.fields[f"part-{number}"] = forms.CharField(label=f"Part{which}", max_length=100, required=False)
        self.fields[f"category-{number}"] = forms.ModelChoiceField(
            queryset=categories, label=f"Category{which}", required=False, empty_label="none"
        )
        self.fields[f"base-{number}"] = forms.CharField(
            label=f"Cost now{which}",
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        )
        self.fields[f"growth-{number}"] = _share(f"Grows by, %{which}", 1000)
        self.fields[f"reduction-{number}"] = _share(f"Then lowered by, %{which}", 100)

    @property
    def lines(self) -> list[list[forms.BoundField]]:
        """The fields of each row."""
        return [[self[f"{name}-{number}"] for name in ROW] for number in range(self.count)]

    def clean(self) -> dict[str, Any]:
        """Read the rows. A row in which nothing is typed is none."""
        data = super().clean() or {}
        data["parts"] = [self._part(number, data) for number in range(self.count) if self._is_typed(number)]
        return data

    def _is_typed(self, number: int) -> bool:
        return any(str(self.data.get(f"{name}-{number}") or "").strip() for name in ROW)

    def _part(self, number: int, data: dict[str, Any]) -> PartData:
        category = data.get(f"category-{number}")
        return PartData(
            name=data.get(f"part-{number}") or (category.name if category else ""),
            base=self._base(number, data),
            category=category,
            growth_pct=data.get(f"growth-{number}"),
            reduction_pct=data.get(f"reduction-{number}"),
        )

    def _base(self, number: int, data: dict[str, Any]) -> Decimal | None:
        text = str(data.get(f"base-{number}") or "").strip()
        if not text:
            return None
        try:
            return parse_amount(text, currency=self.entity.currency, allow_zero=True)
        except InvalidInput as refusal:
            self.add_error(f"base-{number}", str(refusal))
            return None

    def stated(self) -> ProjectionData:
        """Return what was typed, once it is valid."""
        data = self.cleaned_data
        return ProjectionData(
            name=data["name"],
            base_month=data["base_month"],
            horizon_months=data["horizon_months"],
            buffer_pct=data["buffer_pct"] or Decimal(0),
            parts=data["parts"],
            rounding=Rounding(**{field.name: data[field.name] for field in fields(Rounding)}),
            reasons=data["reasons"],
        )

    def refuse(self, details: dict[str, Any]) -> None:
        """Put each sentence beside its field. Those of parts are counted among the rows that were typed."""
        typed = [number for number in range(self.count) if self._is_typed(number)]
        for name, sentence in details.items():
            stem, _, place = name.rpartition("-")
            at = f"{stem}-{typed[int(place)]}" if stem in ROW and place.isdigit() else name
            self.add_error(at if at in self.fields else None, str(sentence))


def filled_from(projection: Projection) -> dict[str, Any]:
    """Return a projection as what a form begins with, to be stated anew."""
    parts = list(projection.parts.order_by("position"))
    rounding = {field.name: getattr(projection, f"rounding_{field.name}") for field in fields(Rounding)}
    head = {name: getattr(projection, name) for name in ("name", "base_month", "horizon_months", "buffer_pct", "reasons")}
    rows = {
        f"{name}-{number}": value
        for number, part in enumerate(parts)
        for name, value in zip(
            ROW,
            (part.name, part.category_id, "" if part.is_spend else part.base, part.growth_pct, part.reduction_pct),
            strict=True,
        )
    }
    return {"rows": max(len(parts), FIRST_ROWS), **head, **rounding, **rows}
