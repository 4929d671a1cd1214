"""Forms of invoices, payments and exceptions. They read what was typed; services decide."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from core.errors import InvalidInput, Refusal
from core.money import parse_amount
from core.templatetags.figures import month as month_text
from reconciliation.models import Invoice, InvoiceLine, Payment
from reconciliation.rules.references import number_key
from reconciliation.selectors.candidates import open_invoices
from reconciliation.selectors.invoices import LineChoices


class RefusableForm(forms.Form):
    """A form that can show what a service refused."""

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal beside the fields it names, else at the top."""
        named = {field: sentence for field, sentence in refusal.details.items() if field in self.fields}
        for field, sentence in named.items():
            self.add_error(field, str(sentence))
        if not named:
            self.add_error(None, str(refusal))


class CodeForm(RefusableForm):
    """On which budget line and in which month an invoice line is spent."""

    account = forms.TypedChoiceField(label="Budget line", coerce=int)
    month = forms.TypedChoiceField(label="Month", coerce=date.fromisoformat)

    def __init__(self, data: Any = None, *, line: InvoiceLine, choices: LineChoices) -> None:
        super().__init__(data, auto_id=f"code_{line.pk}_%s")
        self.accounts = choices.accounts
        named = [(pk, f"{account.budget.code}: {account.name}") for pk, account in self.accounts.items()]
        months = [(month.isoformat(), month_text(month)) for month in choices.months]
        self.fields["account"].choices = [("", "Choose"), *named]  # type: ignore[attr-defined]
        self.fields["month"].choices = months  # type: ignore[attr-defined]
        wanted = (line.service_month or line.invoice.issued_on).replace(day=1)
        self.fields["month"].initial = wanted.isoformat() if wanted in choices.months else None


class MatchForm(RefusableForm):
    """Which request line an invoice line answers."""

    request_line = forms.TypedChoiceField(label="Request", coerce=int)

    def __init__(self, data: Any = None, *, line: InvoiceLine, choices: LineChoices) -> None:
        super().__init__(data, auto_id=f"match_{line.pk}_%s")
        self.requests = choices.requests
        named = [("", "Choose"), *((each.pk, each.label) for each in self.requests)]
        self.fields["request_line"].choices = named  # type: ignore[attr-defined]


class ReasonForm(RefusableForm):
    """Why an invoice is void."""

    reason = forms.CharField(label="Why it is void", max_length=300)


class NoteForm(RefusableForm):
    """Why an exception needs nothing more."""

    note = forms.CharField(label="Why this needs nothing more", max_length=400)


class AllocateForm(RefusableForm):
    """Which invoice a payment settles, and how much of it."""

    invoice_number = forms.CharField(label="Invoice number", max_length=80)
    amount = forms.CharField(
        label="Amount", max_length=60, widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})
    )

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment
        self.fields["amount"].initial = f"{payment.open_amount:,}"
        self.fields["amount"].label = f"Amount, {payment.currency}"

    def clean_invoice_number(self) -> Invoice:
        """Return the one open invoice with that number."""
        typed = self.cleaned_data["invoice_number"]
        found = list(open_invoices(self.payment.entity).filter(number_key=number_key(typed) or "-")[:2])
        if not found:
            raise forms.ValidationError(
                "No open invoice has this number. Check it in the list of invoices, or record the invoice."
            )
        if len(found) > 1:
            raise forms.ValidationError("Invoices of several vendors have this number. Open the right one's suggestion instead.")
        return found[0]

    def clean_amount(self) -> Decimal:
        """Return the amount as the books hold it."""
        try:
            return parse_amount(self.cleaned_data["amount"], currency=self.payment.currency, allow_negative=True)
        except InvalidInput as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
