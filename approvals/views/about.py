"""What a kind asks for beside its lines, as fields of the form; and what it needs, said before anything is submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from approvals.forms import Choices, text_errors
from approvals.models import Request
from approvals.rules.particulars import FIELDS, NEEDS, SPREAD_OVER_MONTHS, Field, monthly_total, read, spread_months
from approvals.selectors.particulars import stated

PREFIX = "about"
WIDTHS = {"day": "w2", "count": "w2", "amount": "w3", "text": "w3", "tick": "w4"}


class AboutForm(forms.Form):
    """The fields of one subject."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, subject: str, currency: str, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix=PREFIX, initial=dict(initial or {}))
        self.subject = subject
        self.currency = currency
        for each in FIELDS.get(subject, ()):
            self.fields[each.name] = _field(each, currency)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        _, wrong = read(self.subject, data, currency=self.currency or "USD")
        for name, sentence in wrong.items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return data

    def typed(self) -> dict[str, Any]:
        """Return what stands in the fields, judged or not."""
        if self.is_bound:
            return {name: self.data.get(f"{PREFIX}-{name}", "") for name in self.fields}
        return {name: self.initial.get(name, "") for name in self.fields}

    def unjudged(self) -> "AboutForm":
        """Return the same fields with what stands in them, not judged."""
        return AboutForm(subject=self.subject, currency=self.currency, initial=self.typed())

    def rebound(self) -> "AboutForm":
        """Return the same fields as if they had been sent."""
        data = {f"{PREFIX}-{name}": value for name, value in self.typed().items()}
        return AboutForm(data, subject=self.subject, currency=self.currency)

    def values(self) -> dict[str, Any]:
        """Return what can be read of what stands in the fields."""
        return read(self.subject, self.typed(), currency=self.currency or "USD")[0]


@dataclass(frozen=True)
class About:
    """What the form shows for the kind that is chosen."""

    form: AboutForm

    @property
    def needs(self) -> str:
        """What the kind needs, in a sentence or two."""
        return NEEDS.get(self.form.subject, "")

    @property
    def fields(self) -> list[tuple[forms.BoundField, str]]:
        """The fields with their widths."""
        return [(self.form[each.name], WIDTHS[each.kind]) for each in FIELDS.get(self.form.subject, ())]

    @property
    def spreads(self) -> bool:
        """Whether its lines may be repeated over the months of its term."""
        return self.form.subject in SPREAD_OVER_MONTHS


def about_of(post: QueryDict, choices: Choices) -> AboutForm:
    """Return the fields of the kind that is chosen, with what was typed into them."""
    return AboutForm(post, subject=choices.subjects.get(post.get("kind", ""), ""), currency=choices.currency)


def about_kept(request: Request, choices: Choices) -> AboutForm:
    """Return the fields as they were kept."""
    values = stated(request)
    return AboutForm(subject=choices.subjects.get(request.kind, ""), currency=choices.currency, initial=values)


def months_of(form: AboutForm, choices: Choices) -> list[date]:
    """Return the open months over which lines are repeated."""
    return spread_months(form.values(), choices.months)


def net_of(form: AboutForm) -> str:
    """Return what a line costs each month where the fields say it."""
    total = monthly_total(form.values())
    return f"{total:,.2f}" if total else ""


def _field(each: Field, currency: str) -> forms.Field:
    label = f"{each.words}, {currency}" if each.kind == "amount" and currency else each.words
    if each.kind == "tick":
        return forms.BooleanField(label=label, required=False)
    longest = each.most if each.kind == "text" else 40
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") if each.kind == "day" else forms.TextInput()
    if each.kind in {"count", "amount"}:
        widget.attrs.update({"class": "num", "inputmode": "decimal", "autocomplete": "off"})
    return forms.CharField(
        label=label,
        required=bool(each.missing),
        max_length=longest,
        error_messages=text_errors(longest, required=each.missing),
        help_text=each.hint,
        widget=widget,
    )
