"""What people type about an advance on a later month. The form reads and judges text; it writes nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from approvals.forms import MAX_TEXT, Choices, closed_words, text_field, typed_amount
from approvals.selectors.advances import Taking
from budgets.forms import MonthField
from budgets.models import FundsAccount


class AdvanceForm(forms.Form):
    """Into which month of a budget line, from which later one, how much, and why."""

    use_required_attribute = False

    account = forms.CharField(label="Budget line", widget=forms.Select, error_messages={"required": "Choose the budget line."})
    into = MonthField(label="Needed in", error_messages={"required": "Choose the month that needs it."})
    later = MonthField(label="Taken from", error_messages={"required": "Choose the later month that gives it."})
    amount = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"class": "num", "inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": "State how much is needed.", "max_length": "Enter at most 15 digits."},
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
        widget = self.fields["account"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Choose"), *choices.grouped()]

    def line(self) -> FundsAccount | None:
        """Return the chosen budget line, whatever is wrong elsewhere."""
        key = self.data.get("account") if self.is_bound else self.initial.get("account")
        return self.choices.account(str(key or ""))

    def clean(self) -> dict[str, Any]:
        """Judge the months in their order, and the amount in the line's currency."""
        data = super().clean() or self.cleaned_data
        account = self.line()
        if data.get("account") and account is None:
            self.add_error("account", "Choose one of your budget lines; this one is not among them.")
        into, later = data.get("into"), data.get("later")
        if into and later and later <= into:
            self.add_error("later", f"Choose a month after {into:%B %Y}: an advance is taken from a later month.")
        for name, month in (("into", into), ("later", later)):
            if account and month and month not in self.choices.open_months.get(account.entity_id, frozenset()):
                self.add_error(name, closed_words(month))
        if account and data.get("amount"):
            self._judge_amount(str(data["amount"]), account, data)
        return data

    def _judge_amount(self, text: str, account: FundsAccount, data: dict[str, Any]) -> None:
        try:
            data["amount"] = typed_amount(text, currency=account.currency)
        except forms.ValidationError as error:
            self.add_error("amount", error)

    def taking(self, *, so_far: bool = False) -> Taking | None:
        """Return what is to be taken; None where it cannot be read. `so_far` lets the reason be missing."""
        account, data = self.line(), self.cleaned_data
        into, later, amount = data.get("into"), data.get("later"), data.get("amount")
        if account is None or not isinstance(amount, Decimal) or not isinstance(into, date) or not isinstance(later, date):
            return None
        return None if "reason" in self.errors and not so_far else Taking(account, into, {later: amount}, data.get("reason", ""))
