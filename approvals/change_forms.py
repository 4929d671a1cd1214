"""What people type about changes of budgets. Forms read and judge text; they write nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from approvals.forms import MAX_TEXT, Choices, closed_words, text_field, typed_amount
from approvals.selectors.amendments import AmendRow
from approvals.selectors.moves import Move
from budgets.forms import LARGEST_DOCUMENT
from budgets.models import Budget, FundsAccount
from budgets.services.amended_rows import Amounts

ZERO = Decimal(0)


class MoveForm(forms.Form):
    """From which budget line to which, how much in each month, and why."""

    use_required_attribute = False

    giver = forms.CharField(label="From", widget=forms.Select, error_messages={"required": "Choose the budget line that gives."})
    taker = forms.CharField(
        label="To", widget=forms.Select, error_messages={"required": "Choose the budget line that is given to."}
    )
    reason = text_field(
        "Why, in a sentence",
        MAX_TEXT,
        required="Say why in a sentence; whoever decides reads it first.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        for name in ("giver", "taker"):
            widget = self.fields[name].widget
            assert isinstance(widget, forms.Select)
            widget.choices = [("", "Choose"), *choices.grouped()]
        for month in choices.months:
            field = forms.CharField(
                label=f"{month:%b %Y}",
                max_length=40,
                required=False,
                widget=forms.TextInput(attrs={"class": "num", "inputmode": "decimal", "autocomplete": "off"}),
                error_messages={"max_length": "Enter at most 15 digits."},
            )
            self.fields[key_of(month)] = field

    @property
    def months(self) -> list[forms.BoundField]:
        """The amounts, month by month."""
        return [self[key_of(month)] for month in self.choices.months]

    def side(self, name: str) -> FundsAccount | None:
        """Return a chosen budget line, whatever is wrong elsewhere."""
        key = self.data.get(name) if self.is_bound else self.initial.get(name)
        return self.choices.account(str(key or ""))

    def amounts(self) -> dict[date, Decimal]:
        """Return what can be read of the amounts, once the form was judged."""
        read = {month: self.cleaned_data.get(key_of(month)) for month in self.choices.months}
        return {month: amount for month, amount in read.items() if isinstance(amount, Decimal) and amount > ZERO}

    def clean(self) -> dict[str, Any]:
        """Judge both sides together, then the amounts in their currency."""
        data = super().clean() or self.cleaned_data
        giver, taker = self._line("giver", data), self._line("taker", data)
        if giver and taker:
            self._judge_sides(giver, taker)
        currency = giver.currency if giver else self.choices.currency
        for month in self.choices.months:
            self._judge_month(month, giver, currency, data)
        amounts = [data.get(key_of(month)) for month in self.choices.months]
        if not any(amounts) and not any(key_of(month) in self.errors for month in self.choices.months):
            self.add_error(None, "State an amount in at least one month.")
        return data

    def _line(self, name: str, data: Mapping[str, Any]) -> FundsAccount | None:
        found = self.choices.account(str(data.get(name) or ""))
        if found is None and data.get(name):
            self.add_error(name, "Choose one of your budget lines; this one is not among them.")
        return found

    def _judge_sides(self, giver: FundsAccount, taker: FundsAccount) -> None:
        if giver.pk == taker.pk:
            self.add_error("taker", "That is one and the same budget line. Choose another one to give to.")
        elif giver.entity_id != taker.entity_id:
            self.add_error("taker", "The two budget lines belong to different organizations. Choose two of one.")
        elif giver.currency != taker.currency:
            self.add_error("taker", f"This one is kept in {taker.currency}. Choose one in {giver.currency}.")

    def _judge_month(self, month: date, giver: FundsAccount | None, currency: str, data: dict[str, Any]) -> None:
        name = key_of(month)
        text = str(data.get(name) or "").strip()
        if not text:
            return
        try:
            data[name] = typed_amount(text, currency=currency, allow_zero=True)
        except forms.ValidationError as error:
            self.add_error(name, error)
            return
        if data[name] and giver and month not in self.choices.open_months.get(giver.entity_id, frozenset()):
            self.add_error(name, closed_words(month))

    def move_so_far(self, giver: FundsAccount, taker: FundsAccount) -> Move:
        """Return what can be read of the move, without its reason."""
        return Move(giver, taker, self.amounts())

    def move(self) -> Move:
        """Return what is to be moved; for a form that is valid."""
        giver, taker = self.side("giver"), self.side("taker")
        assert giver is not None
        assert taker is not None
        return Move(giver, taker, self.amounts(), self.cleaned_data["reason"])


def key_of(month: date) -> str:
    """Return the name of a month's amount in the form."""
    return f"amount-{month:%Y-%m}"


class SinceForm(forms.Form):
    """From which month on a budget changes."""

    since = forms.ChoiceField(
        label="From which month on", error_messages={"invalid_choice": "Choose an open month of the budget."}
    )

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        since = self.fields["since"]
        assert isinstance(since, forms.ChoiceField)
        since.choices = [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]


class AmendForm(forms.Form):
    """The new amounts of lines from a month on and of categories, or a file, and why."""

    use_required_attribute = False

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    file = forms.FileField(
        label="Or a budget file",
        required=False,
        help_text="YAML, up to 512 kB. Its amounts take the place of those above.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
        error_messages={"empty": "This file is empty."},
    )
    is_forced = forms.BooleanField(
        label="Lower lines even below what they hold", required=False, help_text="Whoever decides is told so."
    )
    reason = text_field(
        "Why, in a sentence",
        MAX_TEXT,
        required="Say why in a sentence; whoever decides reads it first.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, budget: Budget, rows: Sequence[AmendRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget, self.rows = budget, rows
        for row in rows:
            self.fields[row.key] = forms.CharField(
                label=row.label,
                max_length=40,
                required=False,
                initial=f"{row.now:,.2f}",
                widget=forms.TextInput(attrs={"class": "num", "inputmode": "decimal", "autocomplete": "off"}),
                error_messages={"max_length": "Enter at most 15 digits."},
            )

    @property
    def shown_rows(self) -> list[tuple[AmendRow, forms.BoundField]]:
        """Each row with its field."""
        return [(row, self[row.key]) for row in self.rows]

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_DOCUMENT:
            raise forms.ValidationError(f"The file has {file.size // 1024} kB; a budget file has 512 kB at most.")
        return file

    def clean(self) -> dict[str, Any]:
        """Read the amounts; what stays as it is, or is left blank, changes nothing."""
        data = super().clean() or self.cleaned_data
        for row in self.rows:
            text = str(data.get(row.key) or "").strip()
            if not text:
                data[row.key] = None
                continue
            try:
                data[row.key] = typed_amount(text, currency=self.budget.currency, allow_zero=True)
            except forms.ValidationError as error:
                self.add_error(row.key, error)
        return data

    def amounts(self) -> Amounts:
        """Return what differs from what stands; for a form that is valid."""
        changed = [row for row in self.rows if self.cleaned_data[row.key] not in (None, row.now)]
        return Amounts(
            lines={row.pk: self.cleaned_data[row.key] for row in changed if row.is_line},
            envelopes={row.pk: self.cleaned_data[row.key] for row in changed if not row.is_line},
        )


class OverrideForm(forms.Form):
    """Why a request should pass the limits that refuse it."""

    use_required_attribute = False

    reason = text_field(
        "Why it should pass all the same",
        MAX_TEXT,
        required="Say why in a sentence; whoever decides reads it first.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
