"""What people type about reserves, draws on them and the reports of draws. Forms read and judge text; they write nothing."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from approvals.forms import MAX_TEXT, Choices, text_field, typed_amount
from approvals.models import Reserve, ReserveTerms
from approvals.rules.reserves import MOST_REPORT_DAYS, PROJECTED, Basis
from approvals.selectors.draws import Drawing
from approvals.selectors.reserves import Approvers, covers
from approvals.services.reserves import TermsData
from budgets.forms import MonthField
from budgets.models import Budget, CostCentre, FundsAccount, Projection
from core.models import Entity

NUMBER = forms.TextInput(attrs={"class": "num", "inputmode": "decimal", "autocomplete": "off"})


class TermsForm(forms.Form):
    """What is stated of a reserve from a month on."""

    use_required_attribute = False

    starts_on = MonthField(label="Holds from", error_messages={"required": "Choose the first month in which it holds."})
    purpose = text_field("What it is kept for", 300, required="Say what the reserve is kept for.")
    basis = forms.ChoiceField(label="It should hold", choices=ReserveTerms.Basis.choices)
    share_pct = forms.CharField(label="Share, in per cent", required=False, max_length=20, widget=NUMBER)
    amount = forms.CharField(label="Amount", required=False, max_length=40, widget=NUMBER, help_text="With a fixed amount.")
    budget = forms.ModelChoiceField(
        queryset=Budget.objects.none(), label="Of the budget", required=False, empty_label="None", to_field_name="code"
    )
    cost_centre = forms.ModelChoiceField(
        queryset=CostCentre.objects.none(),
        label="At and below",
        required=False,
        empty_label="All of the budget",
        to_field_name="code",
    )
    projection = forms.ChoiceField(label="Of the projection", required=False)
    approver = forms.ChoiceField(
        label="Its use is approved by",
        error_messages={"required": "Choose who approves its use.", "invalid_choice": "Choose one from the list."},
    )
    decides_within = text_field("Within", 40, required="State a span such as 2 business days.", initial="2 business days")
    document = text_field(
        "Each use needs", 100, required="Name the document, such as Emergency spending report.", help_text="The document’s name."
    )
    report_days = forms.IntegerField(
        label="A report about the use is due in, business days",
        min_value=1,
        max_value=MOST_REPORT_DAYS,
        error_messages={"required": "State how many business days.", "invalid": "Write a number."},
    )
    note = text_field("Why it is stated so", 300)

    def __init__(self, *args: Any, entity: Entity, approvers: Approvers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity = entity
        self._choose("budget", Budget.objects.filter(entity=entity).order_by("code"))
        self._choose("cost_centre", CostCentre.objects.filter(entity=entity, is_active=True).order_by("path"))
        named = Projection.objects.filter(entity=entity).order_by("name", "horizon_months")
        pairs = named.distinct("name", "horizon_months").values_list("name", "horizon_months")
        choices = [(f"{months}:{name}", f"{name}, {months} months") for name, months in pairs]
        self._options("projection", [("", "None"), *choices])
        self._options("approver", [("", "Choose"), *approvers])

    def _choose(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def _options(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_share_pct(self) -> Decimal | None:
        """Read the share."""
        text = str(self.cleaned_data["share_pct"]).strip().removesuffix("%").strip()
        if not text:
            return None
        try:
            share = Decimal(text)
        except InvalidOperation:
            raise forms.ValidationError("Write the share in digits, such as 20.") from None
        if not share.is_finite() or share != round(share, 2):
            raise forms.ValidationError("Write the share with two decimals at most.")
        return share

    def terms(self, currency: str) -> TermsData | None:
        """Return what is stated, the amount in `currency`; None where that is none. What is no part of its basis is left out."""
        data = self.cleaned_data
        basis = data["basis"]
        amount = None
        if basis == Basis.FIXED and data.get("amount"):
            try:
                amount = typed_amount(data["amount"], currency=currency)
            except forms.ValidationError as error:
                self.add_error("amount", error)
                return None
        months, _, name = str(data.get("projection") or "").partition(":")
        return TermsData(
            starts_on=data["starts_on"],
            purpose=data["purpose"],
            basis=basis,
            approver=data["approver"],
            document=data["document"],
            report_days=data["report_days"],
            share_pct=data.get("share_pct") if basis != Basis.FIXED else None,
            amount=amount,
            budget=data.get("budget") if basis == Basis.BUDGET else None,
            cost_centre=data.get("cost_centre") if basis == Basis.BUDGET else None,
            projection=name if basis in PROJECTED else "",
            horizon_months=int(months) if basis in PROJECTED and months else None,
            decides_within=data["decides_within"],
            note=data["note"],
        )


class ReserveForm(TermsForm):
    """A new reserve: the line that holds it, its name, and what is stated of it."""

    account = forms.ChoiceField(
        label="Budget line that holds it",
        help_text="Nothing was spent from it yet. From now on nobody spends from it but by a draw.",
        error_messages={"required": "Choose the budget line.", "invalid_choice": "Choose a budget line from the list."},
    )
    name = text_field("Name", 100, required="Give it a name, such as Emergency reserve.")
    code = text_field("Code", 40, required="Write a code, such as emergency.", help_text="By which programs name it.")

    field_order = ("account", "name", "code")

    def __init__(self, *args: Any, accounts: list[FundsAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {str(account.pk): account for account in accounts}
        choices = [(key, f"{each.name} · {each.budget.name} · {each.cost_centre.name}") for key, each in self.accounts.items()]
        self._options("account", [("", "Choose"), *choices])

    def line(self) -> FundsAccount:
        """Return the chosen line. For a form that is valid."""
        return self.accounts[self.cleaned_data["account"]]


class CloseForm(forms.Form):
    """Why a reserve is given up."""

    use_required_attribute = False
    reason = text_field("Why it is given up", 300, required="Say why in a sentence.")


class DrawForm(forms.Form):
    """For which line, in which month, how much, why, and the document that the reserve asks for."""

    use_required_attribute = False

    taker = forms.ChoiceField(
        label="For the budget line",
        error_messages={"required": "Choose the line that needs it.", "invalid_choice": "Choose one of the lines listed."},
    )
    month = MonthField(label="In", error_messages={"required": "Choose the month in which it is needed."})
    amount = forms.CharField(
        label="Amount",
        max_length=40,
        widget=NUMBER,
        error_messages={"required": "State how much is needed.", "max_length": "Enter at most 15 digits."},
    )
    reason = text_field(
        "Why, in a sentence",
        MAX_TEXT,
        required="Say why in a sentence; whoever decides reads it first.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    document = text_field("Document", 20_000, widget=forms.Textarea(attrs={"rows": 6}), help_text="Write it here, or attach it.")
    file = forms.FileField(label="Or the document as a file", required=False, allow_empty_file=True)

    def __init__(self, *args: Any, reserve: Reserve, document: str, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reserve = reserve
        self.choices = choices
        self.takers = {str(account.pk): account for account in choices.accounts if covers(reserve, account)}
        field = self.fields["taker"]
        assert isinstance(field, forms.ChoiceField)
        lines = [(key, f"{each.name} · {each.budget.name} · {each.cost_centre.name}") for key, each in self.takers.items()]
        field.choices = [("", "Choose"), *lines]
        self.fields["document"].label = document or "Document"

    def clean(self) -> dict[str, Any]:
        """Judge the amount in the reserve's currency."""
        data = super().clean() or self.cleaned_data
        if data.get("amount"):
            try:
                data["amount"] = typed_amount(str(data["amount"]), currency=self.reserve.account.currency)
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return data

    def drawing(self, *, so_far: bool = False) -> Drawing | None:
        """Return what is to be drawn; None where it cannot be read. `so_far` lets the reason be missing."""
        data = self.cleaned_data
        taker = self.takers.get(str(data.get("taker", "")))
        amount, month = data.get("amount"), data.get("month")
        if taker is None or not isinstance(amount, Decimal) or month is None or ("reason" in self.errors and not so_far):
            return None
        return Drawing(self.reserve, taker, {month: amount}, data.get("reason", ""), data.get("document", ""))


class OutcomeForm(forms.Form):
    """What came of a draw."""

    use_required_attribute = False
    outcome = text_field(
        "What it was spent on, and what came of it",
        20_000,
        required="Say what it was spent on and what came of it.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class MissingForm(forms.Form):
    """What a report misses."""

    use_required_attribute = False
    missing = text_field(
        "What is missing",
        1000,
        required="Say what is missing; whoever wrote it reads this.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def initial_of(terms: ReserveTerms) -> Mapping[str, Any]:
    """Return what was stated, as the form is filled in."""
    return {
        "starts_on": f"{terms.starts_on:%Y-%m}",
        "purpose": terms.purpose,
        "basis": terms.basis,
        "share_pct": f"{terms.share_pct.normalize():f}" if terms.share_pct is not None else "",
        "amount": f"{terms.amount:,.2f}" if terms.amount is not None else "",
        "budget": terms.budget.code if terms.budget else "",
        "cost_centre": terms.cost_centre.code if terms.cost_centre else "",
        "projection": f"{terms.horizon_months}:{terms.projection}" if terms.projection else "",
        "approver": terms.approver,
        "decides_within": terms.decides_within,
        "document": terms.document,
        "report_days": terms.report_days,
    }
