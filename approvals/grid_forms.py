"""What people type into the grid of a budget."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_symbol
from django import forms

from approvals.forms import MAX_TEXT, text_field, typed_amount
from budgets.rules.grids import Place, PlannedRow, Typed, cell_name

ZERO = Decimal(0)
SAY_WHY = "Say why in a sentence; whoever decides reads it first."
LONGEST = 200
# How spreadsheets show nothing in the format for accounts.
DASHES = frozenset({"-", "\u2013", "\u2014", "\u2212"})


class GridForm(forms.Form):
    """Which version the amounts were typed over, and why they change. The amounts themselves are read by `typed_over`."""

    use_required_attribute = False

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    reason = text_field(
        "Why, in a sentence",
        MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_forced = forms.BooleanField(
        label="Lower lines even below what they hold", required=False, help_text="Whoever decides is told so."
    )

    def clean(self) -> dict[str, Any]:
        """Want the reason once it is asked for; totals and the difference are shown without one."""
        data = super().clean() or self.cleaned_data
        if self.data.get("then") == "ask" and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", SAY_WHY)
        return data


def typed_over(rows: Sequence[PlannedRow], months: Sequence[date], data: Mapping[str, str], currency: str) -> dict[Place, Typed]:
    """Return what the form says over the lines of a version. A cell that is not in the form is not in what is returned."""
    found: dict[Place, Typed] = {}
    for row in rows:
        for month in months:
            text = data.get(cell_name(row.pk, month))
            if text is not None:
                found[row.key, month] = _typed(text, row.months.get(month, ZERO), currency)
    return found


def _typed(text: str, stood: Decimal, currency: str) -> Typed:
    shown = text.strip()[:LONGEST]
    bare = shown.replace("$", "").strip() if get_currency_symbol(currency, "en").endswith("$") else shown
    if not bare or bare in DASHES:
        return Typed(shown, stood, ZERO)
    try:
        return Typed(shown, stood, typed_amount(bare, currency=currency, allow_zero=True))
    except forms.ValidationError as error:
        said = " ".join(error.messages)
        return Typed(shown, stood, stood if _stands(bare, stood) else None, "" if _stands(bare, stood) else said)


def _stands(text: str, stood: Decimal) -> bool:
    """Say whether a cell says what stood there, be it below zero: a credit that is left alone is no mistake."""
    return stood < ZERO and text.replace("\u2212", "-") == f"{stood:,.2f}"
