"""What people type about a request and about a decision. Forms read and judge text; they write nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import list_currencies
from django import forms

from approvals.rules.tags import EXAMPLE, read_tags
from budgets.models import FundsAccount
from core.errors import InvalidInput
from core.money import parse_amount

MAX_LINES = 50
MAX_TEXT = 2000
LINE_KEY = re.compile(r"^line-(\d{1,3})-[a-z]+$")
SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB"}
AMOUNTS = frozenset({"net", "vat", "recoverable", "monthly_increase"})
LINE_FIELDS = ("description", "account", "month", "net", "vat", "recoverable")


@dataclass(frozen=True)
class Choices:
    """What one person may choose from: their budget lines, kinds, known vendors and open months."""

    accounts: Sequence[FundsAccount] = ()
    kinds: Sequence[tuple[str, str]] = ()
    vendors: Sequence[str] = ()
    open_months: Mapping[int, frozenset[date]] = field(default_factory=dict)
    asks_increase: bool = False
    # What approving does, by kind: it says what the form asks for.
    subjects: Mapping[str, str] = field(default_factory=dict)
    # Above which amounts an expense needs a request, in words.
    needs_request: Sequence[str] = ()
    asks_emergency: bool = False
    cards: Sequence[tuple[int, str]] = ()
    # Contracts that money may be called off from: number and words.
    contracts: Sequence[tuple[str, str]] = ()

    @property
    def months(self) -> list[date]:
        """The months that are open for any of the budget lines, in order."""
        return sorted({month for months in self.open_months.values() for month in months})

    @property
    def currency(self) -> str:
        """The currency that amounts are in before a budget line is chosen."""
        return self.accounts[0].currency if self.accounts else ""

    def account(self, key: str) -> FundsAccount | None:
        """Return the budget line behind a choice, or None where it is not one of this person's."""
        return next((account for account in self.accounts if str(account.pk) == key), None)

    def grouped(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the budget lines under their budget and cost centre, for a select."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for account in self.accounts:
            head = f"{account.budget.name} · {account.cost_centre}"
            groups.setdefault(head, []).append((str(account.pk), account.name))
        return list(groups.items())


def text_errors(limit: int, *, required: str = "") -> dict[str, str]:
    """Return messages that name the remedy. Django fills in the figures."""
    return {
        "required": required,
        "max_length": f"Shorten this to {limit:,} characters; it has %(show_value)d. Attach a file for more.",
        "null_characters_not_allowed": "Remove the unprintable characters.",
    }


def text_field(label: str, limit: int, *, required: str = "", **more: Any) -> forms.CharField:
    """Return a text field that says what to do when it is empty or too long."""
    return forms.CharField(
        label=label, max_length=limit, required=bool(required), error_messages=text_errors(limit, required=required), **more
    )


def stated_currency(text: str) -> str:
    """Return the ISO code that a typed amount names by code or sign, or an empty string."""
    for sign, code in SYMBOLS.items():
        if sign in text:
            return code
    known = list_currencies()
    words: list[str] = re.findall(r"[A-Z]{3}", text.upper()[:40])
    return next((word for word in words if word in known), "")


def typed_amount(text: str, *, currency: str, allow_zero: bool = False) -> Decimal:
    """Return a typed amount in `currency`. Raises ValidationError that names the remedy."""
    named = stated_currency(text)
    if named and named != currency:
        raise forms.ValidationError(
            f"This budget line is kept in {currency}, not {named}. Enter the amount in {currency}; "
            "other currencies are refused until exchange rates are kept here.",
            code="currency",
        )
    bare = re.sub(re.escape(named), "", text, flags=re.IGNORECASE) if named else text
    for sign, code in SYMBOLS.items():
        bare = bare.replace(sign, "") if code == currency else bare
    try:
        return parse_amount(bare, currency=currency, allow_zero=allow_zero)
    except InvalidInput as refusal:
        raise forms.ValidationError(str(refusal), code=refusal.code) from refusal


def closed_words(month: date) -> str:
    """Say that a month takes no money, and what to do."""
    return f"{month:%b %Y} is closed or was never opened. Choose an open month, or ask finance to open it."


class RequestForm(forms.Form):
    """The head of a request."""

    title = text_field("What for", 200, required="Say in a few words what the money is for.")
    kind = forms.ChoiceField(
        label="Kind",
        error_messages={
            "required": "Choose the kind: it decides who is asked.",
            "invalid_choice": "Choose one of the kinds listed.",
        },
    )
    vendor = text_field("Vendor", 300, strip=True, help_text="Blank where there is none yet; a contract needs one.")
    needed_by = forms.DateField(
        label="Needed by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a date such as 2026-11-20."},
    )
    reason = text_field(
        "Why, in a sentence",
        MAX_TEXT,
        required="Say why in a sentence; the approver reads this first.",
        help_text="The approver reads this first.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    monthly_increase = forms.CharField(
        label="More each month from now on",
        max_length=40,
        required=False,
        help_text="Where it recurs: by how much the monthly cost rises.",
        error_messages={"max_length": "Enter at most 15 digits."},
    )

    tags = text_field("Tags", 600, help_text=f"To find it again, and for rules that ask for one: {EXAMPLE}.")
    is_emergency = forms.BooleanField(
        label="It is an emergency",
        required=False,
        help_text="It cannot wait for the usual way. The policy says who decides then.",
    )

    card = forms.TypedChoiceField(
        label="Paid by card",
        required=False,
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": "This is not one of your cards. Choose one from the list, or leave it out."},
    )

    contract = forms.ChoiceField(
        label="Under a contract",
        required=False,
        help_text="Its vendor is taken where you name none. What is asked for is held against its value and its term.",
        error_messages={"invalid_choice": "This contract is not in force. Choose one from the list, or leave it out."},
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", "Choose"), *choices.kinds]
        if not choices.asks_increase:
            del self.fields["monthly_increase"]
        card = self.fields["card"]
        assert isinstance(card, forms.ChoiceField)
        card.choices = [("", "Not by card"), *choices.cards]
        if not choices.cards:
            del self.fields["card"]
        contract = self.fields["contract"]
        assert isinstance(contract, forms.ChoiceField)
        contract.choices = [("", "No contract"), *choices.contracts]
        if not choices.contracts:
            del self.fields["contract"]
        if not choices.asks_emergency:
            del self.fields["is_emergency"]
        self.fields["vendor"].widget.attrs.update({"list": "vendors", "autocomplete": "off"})
        self.fields["title"].widget.attrs["autocomplete"] = "off"
        wear_look(self)

    def clean_tags(self) -> dict[str, str]:
        try:
            return read_tags(self.cleaned_data["tags"])
        except ValueError as error:
            raise forms.ValidationError(str(error), code="tags") from error

    def clean_monthly_increase(self) -> Decimal | None:
        text: str = self.cleaned_data["monthly_increase"]
        return typed_amount(text, currency=self.choices.currency, allow_zero=True) if text else None


class LineForm(forms.Form):
    """One line: account, month, net, VAT, and how much of the VAT comes back."""

    description = text_field("What", 300, required="Say what this line pays for.")
    account = forms.CharField(
        label="Budget line", widget=forms.Select, error_messages={"required": "Choose the budget line that pays for this."}
    )
    month = forms.CharField(
        label="Month", widget=forms.Select, error_messages={"required": "Choose the month in which it will be spent."}
    )
    net = forms.CharField(
        label="Net",
        max_length=40,
        strip=True,
        error_messages={"required": "Enter the amount, such as 1,250.00.", "max_length": "Enter at most 15 digits."},
    )
    vat = forms.CharField(label="VAT", max_length=40, required=False, error_messages={"max_length": "Enter at most 15 digits."})
    recoverable = forms.CharField(
        label="VAT that comes back", max_length=40, required=False, error_messages={"max_length": "Enter at most 15 digits."}
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, choices: Choices, number: int, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, prefix=f"line-{number}", initial=initial)
        self.number = number
        self.choices = choices
        self._offer(choices)
        self.fields["net"].label = f"Net, {choices.currency}" if choices.currency else "Net"
        wear_look(self)

    def _offer(self, choices: Choices) -> None:
        account, month = self.fields["account"].widget, self.fields["month"].widget
        assert isinstance(account, forms.Select)
        assert isinstance(month, forms.Select)
        account.choices = [("", "Choose"), *choices.grouped()]
        month.choices = [("", "Choose"), *((f"{day:%Y-%m}", f"{day:%b %Y}") for day in choices.months)]

    def funds_account(self) -> FundsAccount | None:
        """Return the chosen budget line once the form was judged."""
        return self.choices.account(str(self.cleaned_data.get("account", "")))

    def clean_account(self) -> str:
        key: str = self.cleaned_data["account"]
        if self.choices.account(key) is None:
            raise forms.ValidationError("Choose one of your budget lines; this one is not among them.", code="account")
        return key

    def clean_month(self) -> date:
        text: str = self.cleaned_data["month"]
        try:
            month = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise forms.ValidationError("Choose a month such as Nov 2026.", code="month") from None
        if month not in self.choices.months:
            raise forms.ValidationError(closed_words(month), code="closed_period")
        return month

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        account = self.funds_account()
        currency = account.currency if account else self.choices.currency
        month = data.get("month")
        if account and month and month not in self.choices.open_months.get(account.entity_id, frozenset()):
            self.add_error("month", closed_words(month))
        self._read_amount(data, "net", currency)
        self._read_amount(data, "vat", currency, allow_zero=True)
        self._read_amount(data, "recoverable", currency, allow_zero=True)
        vat, back = data.get("vat"), data.get("recoverable")
        if isinstance(vat, Decimal) and isinstance(back, Decimal) and back > vat:
            self.add_error("recoverable", f"No more VAT can come back than is paid. Enter at most {vat:,.2f}.")
        return data

    def _read_amount(self, data: dict[str, Any], name: str, currency: str, *, allow_zero: bool = False) -> None:
        if name not in data:
            return
        try:
            data[name] = typed_amount(data[name] or "0", currency=currency, allow_zero=allow_zero)
        except forms.ValidationError as error:
            self.add_error(name, error)


class DecisionForm(forms.Form):
    """A verdict, the words with it, and the digest of what was on the screen."""

    VERDICTS = (("approve", "Approve"), ("send_back", "Send back"), ("reject", "Reject"))
    NEEDS_REASON = {"send_back": "Say what must change before it can be approved.", "reject": "Say why it is rejected."}

    use_required_attribute = False

    verdict = forms.ChoiceField(choices=VERDICTS, error_messages={"required": "Choose Approve, Send back or Reject."})
    digest = forms.CharField(max_length=200)
    comment = text_field("Comment", MAX_TEXT, widget=forms.Textarea(attrs={"rows": 1}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        comment, verdict = self.fields["comment"], self.data.get("verdict", "")
        comment.required = verdict != "approve"
        comment.error_messages["required"] = self.NEEDS_REASON.get(verdict, "Choose Approve, Send back or Reject.")


class BulkForm(forms.Form):
    """One answer to all that are chosen in the list."""

    use_required_attribute = False

    verdict = forms.ChoiceField(
        choices=(("approve", "Approve"), ("reject", "Reject")), error_messages={"required": "Choose Approve or Reject."}
    )
    comment = text_field("Comment to all that are chosen", MAX_TEXT, widget=forms.Textarea(attrs={"rows": 1}))


class QuestionForm(forms.Form):
    """Something to ask on a stage, and whom."""

    use_required_attribute = False

    person = forms.TypedChoiceField(
        label="Whom",
        coerce=int,
        error_messages={"required": "Choose whom to ask.", "invalid_choice": "Choose one of the people listed."},
    )
    text = text_field("Question", MAX_TEXT, required="Write what you want to know.", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = list(people)


class HandsForm(forms.Form):
    """Who comes to a stage, and why."""

    use_required_attribute = False

    person = forms.TypedChoiceField(
        label="Whom",
        coerce=int,
        error_messages={"required": "Choose somebody.", "invalid_choice": "Choose one of the people listed."},
    )
    reason = text_field(
        "Why", MAX_TEXT, required="Say why in a sentence; it is kept with the request.", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = [("", "Choose"), *people]


class AnswerForm(forms.Form):
    """The answer to a question, and a file with it."""

    use_required_attribute = False

    text = text_field("Your answer", MAX_TEXT, required="Write the answer.", widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label="A file with it", required=False, error_messages={"empty": "This file is empty."})


class CommentForm(forms.Form):
    """Something to say on a request."""

    use_required_attribute = False

    text = text_field("Comment", MAX_TEXT, required="Write what you have to say.", widget=forms.Textarea(attrs={"rows": 2}))


def wear_look(form: forms.Form) -> None:
    """Let amounts stand right and bring up the digits on a phone."""
    for name, item in form.fields.items():
        if name in AMOUNTS:
            item.widget.attrs.update({"class": "num", "inputmode": "decimal", "autocomplete": "off"})


def posted_lines(data: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the lines of a post as raw text, in order, whatever their numbers."""
    numbers = sorted({int(match[1]) for key in data if (match := LINE_KEY.match(key))})
    return [{name: data.get(f"line-{number}-{name}", "") for name in LINE_FIELDS} for number in numbers]


def judged_lines(raw: Iterable[Mapping[str, str]], choices: Choices) -> list[LineForm]:
    """Return the lines as bound forms, numbered anew from 0."""
    return [
        LineForm({f"line-{number}-{name}": value for name, value in line.items()}, choices=choices, number=number)
        for number, line in enumerate(raw)
    ]


def shown_lines(raw: Sequence[Mapping[str, Any]], choices: Choices) -> list[LineForm]:
    """Return the lines as typed, not judged; one empty line where there is none."""
    return [LineForm(initial=dict(line), choices=choices, number=number) for number, line in enumerate(raw or [{}])]
